use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use portcullis_runtime::{CommonSettings, ListenAddress, OutboundSettings};
use portcullis_token::KeyStore;

use crate::cases::TestArguments;
use crate::check::CheckArguments;
use crate::conformance::{ConformanceArguments, EchoArguments};
use crate::explain::ExplainArguments;
use crate::generated::CompletionArguments;
use crate::lint::LintArguments;
use crate::manual;
use crate::policy_store::PolicyStore;
use crate::rate_limit::RateLimitSettings;

/// One gate in front of your services: who is calling, may they, and at what rate.
#[derive(Clone, Debug, clap::Parser)]
#[command(
    name = "portcullis",
    version,
    arg_required_else_help = true,
    long_about = manual::PORTCULLIS,
    after_long_help = manual::PORTCULLIS_AFTER
)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Answer Envoy's external authorization requests until SIGTERM.
    #[command(after_long_help = manual::SERVE)]
    Serve(Box<ServeSettings>),
    /// Check policy documents and print everything that is wrong with them.
    #[command(after_long_help = manual::CHECK)]
    Check(CheckArguments),
    /// Check Envoy's configuration and print everything in it that opens a way around the gate.
    #[command(after_long_help = manual::LINT)]
    Lint(LintArguments),
    /// Try policies on cases, without a network.
    #[command(after_long_help = manual::TEST)]
    Test(TestArguments),
    /// Explain what a policy says to a token, or said by a decision record, rule by rule.
    #[command(after_long_help = manual::EXPLAIN)]
    Explain(ExplainArguments),
    /// Try a gateway, any gateway, for spoofed headers, confused paths and smuggled requests.
    #[command(after_long_help = manual::CONFORMANCE)]
    Conformance(ConformanceArguments),
    /// Be the service behind a gateway that is tried, and keep what reaches it.
    #[command(after_long_help = manual::CONFORMANCE_ECHO)]
    ConformanceEcho(EchoArguments),
    /// Print the JSON Schema of policy documents.
    Schema,
    /// Print a script that completes commands and options in a shell.
    #[command(after_long_help = manual::COMPLETIONS)]
    Completions(CompletionArguments),
    /// Print the reference of all commands, in Markdown.
    #[command(hide = true)]
    Reference,
}

/// Settings of `portcullis serve`.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeSettings {
    /// File, or folder of files, of TokenIssuer and RoutePolicy documents. Changes take effect
    /// within a few seconds.
    #[arg(long, env = "POLICY_FILE", value_name = "FILE")]
    pub policy: PathBuf,
    /// Where Envoy asks (gRPC): an address and port, or unix:PATH, whose file the owner and the
    /// group may connect to.
    #[arg(
        long,
        env = "LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:9000"
    )]
    pub listen: ListenAddress,
    /// How long a policy still decides after it was removed, under the new deny list and issuers:
    /// gateways may learn of new routes later than the authz server of new policies. With 0s, what
    /// their old routes ask for is answered with 503 at once.
    #[arg(long, env = "REMOVED_POLICY_GRACE", value_name = "TIME", default_value = "120s", value_parser = humantime::parse_duration)]
    pub removed_policy_grace: Duration,
    /// File of the policies that those of --policy replaced, for a start soon after: {"until":
    /// SECONDS-SINCE-1970, "documents": YAML}. Those that were removed decide until then, and for
    /// --removed-policy-grace at most.
    #[arg(long, env = "REPLACED_POLICIES_FILE", value_name = "FILE")]
    pub replaced_policies: Option<PathBuf>,
    /// Where the public keys of assertions are served (HTTP).
    #[arg(
        long,
        env = "KEYS_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:9001"
    )]
    pub keys_listen: SocketAddr,
    /// Where the gate is administered (HTTP): its state, policies and keys read anew. Whoever
    /// reaches it may do so.
    #[arg(
        long,
        env = "ADMINISTRATION_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:9002"
    )]
    pub administration_listen: SocketAddr,
    /// Allows --administration-listen beyond this machine, where a network policy must keep others
    /// out.
    #[arg(long, env = "LET_ANYBODY_WHO_REACHES_IT_ADMINISTER")]
    pub let_anybody_who_reaches_it_administer: bool,
    /// PEM file of P-256 keys: the first signs assertions, all are published, and a change of the
    /// file takes effect within seconds. Replicas must share one [default: a new key at each
    /// start].
    #[arg(long, env = "ASSERTION_KEY_FILE", value_name = "FILE")]
    pub assertion_key: Option<PathBuf>,
    /// Folder of MAC keys that upstreams share: a file named after an upstream makes its assertions
    /// HS256 instead of ES256, which costs a fraction. Each line is a key of at least 32 bytes in
    /// base64; the first one signs, and a change takes effect within seconds.
    #[arg(long, env = "ASSERTION_MAC_KEYS_DIR", value_name = "DIR")]
    pub assertion_mac_keys: Option<PathBuf>,
    /// Longest time that a start waits for the issuers' signing keys before it serves with those
    /// that it has.
    #[arg(long, env = "ISSUER_WAIT", value_name = "TIME", default_value = "15s", value_parser = humantime::parse_duration)]
    pub issuer_wait: Duration,
    /// Folder in which the issuers' last good signing keys are kept, so that a start while an
    /// issuer is away can serve.
    #[arg(long, env = "KEY_STORE_DIR", value_name = "DIR")]
    pub key_store: Option<KeyStore>,
    /// Folder in which the last good policies are kept, so that a start with policies that cannot
    /// be used serves those, and says so in the log and by portcullis_policy_stale [default: such a
    /// start fails].
    #[arg(long, env = "POLICY_STORE_DIR", value_name = "DIR")]
    pub policy_store: Option<PolicyStore>,
    /// The most memory for verified tokens and all that belongs to them, in MiB, so that each is
    /// verified once; 0 verifies every token at every request. A token takes about half a KiB.
    #[arg(long, env = "DECISION_CACHE_MIB", value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u64).range(..=65536))]
    pub decision_cache_mib: u64,
    /// Where requests are counted.
    #[command(flatten)]
    pub rate_limits: RateLimitSettings,
    /// How issuers are called.
    #[command(flatten)]
    pub outbound: OutboundSettings,
    /// What every program has.
    #[command(flatten)]
    pub common: CommonSettings,
}

impl portcullis_runtime::Arguments for CommandLine {
    const OPERATIONS_ADDRESS: &'static str = "127.0.0.1:9104";
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::CommandLine;

    #[test]
    fn no_two_settings_share_a_flag_or_an_id() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_setting_has_an_example_for_its_error() {
        let none: [&str; 0] = [];
        assert_eq!(
            portcullis_runtime::settings_without_example::<CommandLine>(),
            none
        );
    }
}
