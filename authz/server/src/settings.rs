use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use portcullis_runtime::{CommonSettings, ListenAddress, OutboundSettings};
use portcullis_token::KeyStore;

use crate::policy_store::PolicyStore;
use crate::rate_limit::RateLimitSettings;

/// Settings of `portcullis serve`.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeSettings {
    /// File or folder of policy documents (TokenIssuer, RoutePolicy, DenyList). Changes take effect
    /// within a few seconds.
    #[arg(long, env = "POLICY_FILE", value_name = "FILE")]
    pub policy: PathBuf,
    /// Address of ext_authz (gRPC): an address and port, or unix:PATH, to which the owner and the
    /// group of the file may connect.
    #[arg(
        long,
        env = "LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:9000"
    )]
    pub listen: ListenAddress,
    /// Time for which a removed policy still decides, under the new deny list and issuers. Gateways
    /// may learn of new routes later than the authz server learns of new policies. With 0s,
    /// requests on their old routes are answered with 503 at once.
    #[arg(
        long,
        env = "REMOVED_POLICY_GRACE",
        value_name = "TIME",
        default_value = "120s",
        value_parser = humantime::parse_duration
    )]
    pub removed_policy_grace: Duration,
    /// File of the policies that those of --policy replaced, for a start soon after: {"until":
    /// SECONDS-SINCE-1970, "documents": YAML}. Removed policies decide until then, for at most
    /// --removed-policy-grace.
    #[arg(long, env = "REPLACED_POLICIES_FILE", value_name = "FILE")]
    pub replaced_policies: Option<PathBuf>,
    /// Address that serves the public keys of assertions (HTTP).
    #[arg(
        long,
        env = "KEYS_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:9001"
    )]
    pub keys_listen: SocketAddr,
    /// Address of the admin API (HTTP): shows the policies and keys in force, reloads policies,
    /// refreshes or forgets keys. Every client that reaches it may do so.
    #[arg(
        long,
        alias = "administration-listen",
        env = "ADMIN_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:9002"
    )]
    pub admin_listen: SocketAddr,
    /// Allow --admin-listen on an address that other machines reach. Then only a network policy
    /// protects the admin API.
    #[arg(
        long,
        alias = "let-anybody-who-reaches-it-administer",
        env = "ADMIN_ALLOW_REMOTE"
    )]
    pub admin_allow_remote: bool,
    /// PEM file of P-256 keys: the first signs assertions, all are published, and a change of the
    /// file takes effect within seconds. Replicas must share one [default: a new key at each
    /// start].
    #[arg(long, env = "ASSERTION_KEY_FILE", value_name = "FILE")]
    pub assertion_key: Option<PathBuf>,
    /// Folder of MAC keys that upstreams share. A file named after an upstream makes its assertions
    /// HS256, which costs a fraction of ES256. Each line is a key of at least 32 bytes in base64;
    /// the first one signs, and a change takes effect within seconds.
    #[arg(long, env = "ASSERTION_MAC_KEYS_DIR", value_name = "DIR")]
    pub assertion_mac_keys: Option<PathBuf>,
    /// Maximum time that a start waits for the issuers' signing keys. Then it serves with the keys
    /// that it has.
    #[arg(
        long,
        env = "ISSUER_WAIT",
        value_name = "TIME",
        default_value = "15s",
        value_parser = humantime::parse_duration
    )]
    pub issuer_wait: Duration,
    /// Folder of the issuers' last good signing keys, so that a server that starts while an issuer
    /// is down can serve.
    #[arg(long, env = "KEY_STORE_DIR", value_name = "DIR")]
    pub key_store: Option<KeyStore>,
    /// Folder of the last good policies. A start whose policies cannot be used serves them, logs an
    /// error and sets portcullis_policy_stale [default: such a start fails].
    #[arg(long, env = "POLICY_STORE_DIR", value_name = "DIR")]
    pub policy_store: Option<PolicyStore>,
    /// Maximum memory for verified tokens and their callers, in MiB. Each token takes about half a
    /// KiB and is verified once; 0 verifies every token at every request.
    #[arg(
        long,
        env = "DECISION_CACHE_MIB",
        value_name = "MIB",
        default_value_t = 256,
        value_parser = clap::value_parser!(u64).range(..=65536)
    )]
    pub decision_cache_mib: u64,
    /// Rate limits.
    #[command(flatten)]
    pub rate_limits: RateLimitSettings,
    /// Requests to issuers.
    #[command(flatten)]
    pub outbound: OutboundSettings,
    /// Settings that all programs have.
    #[command(flatten)]
    pub common: CommonSettings,
}
