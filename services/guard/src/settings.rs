use std::path::PathBuf;
use std::time::Duration;

use portcullis_token::{EntraSettings, KeyPolicy, KeyStore, Tenants};
use url::{Host, Url};

use crate::ids::{id_contradiction, parse_id};

/// Who may call a service, and how they prove who they are.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Callers")]
pub struct GuardSettings {
    /// The tenant that this service's application is registered in.
    #[arg(long, env = "AZURE_HOME_TENANT_ID", value_name = "ID", value_parser = parse_id)]
    home_tenant: String,
    /// Tenants whose users may call [default: the home tenant].
    #[arg(
        long,
        env = "ALLOWED_TENANT_IDS",
        value_name = "ID,..",
        value_delimiter = ','
    )]
    allowed_tenants: Vec<String>,
    /// Lets users of every organization call.
    #[arg(long, env = "ALLOW_ANY_TENANT")]
    allow_any_tenant: bool,
    /// Entra's URL: another cloud, or a development imitation.
    #[arg(long, env = "AZURE_AUTHORITY_HOST", value_name = "URL", default_value = EntraSettings::PUBLIC_CLOUD)]
    authority: Url,
    /// Accepts the gate's signed assertions beside bearer tokens. Bare X-User-* headers are never
    /// accepted.
    #[arg(long, env = "TRUST_GATEWAY")]
    trust_gateway: bool,
    /// File of the MAC keys that the authz server shares with this service, one on each line in
    /// base64; assertions by each of them (HS256) are accepted. A change takes effect within
    /// seconds.
    #[arg(long, env = "GATEWAY_MAC_KEY_FILE", value_name = "FILE")]
    gateway_mac_key: Option<PathBuf>,
    /// Where the authz server publishes the public keys of its assertions (ES256). --trust-gateway
    /// needs this, --gateway-mac-key, or both.
    #[arg(long, env = "GATEWAY_KEYS_URL", value_name = "URL")]
    gateway_keys: Option<Url>,
    /// Allows --gateway-keys without TLS beyond this machine, where a network policy must keep
    /// others from answering for the gate.
    #[arg(long, env = "GATEWAY_KEYS_OVER_PLAIN_HTTP_TRUSTS_THE_NETWORK")]
    gateway_keys_over_plain_http_trusts_the_network: bool,
    /// Accepts assertions that are not bound to method and path (the policy's `assertion: {bind:
    /// identity}`). A copy of one opens everything that its caller may do here, for a minute.
    #[arg(long, env = "ACCEPT_ASSERTIONS_GOOD_FOR_ANY_REQUEST")]
    pub(crate) accept_assertions_good_for_any_request: bool,
    /// Longest time that a start waits for the issuer's signing keys before it serves with those
    /// that it has.
    #[arg(long, env = "ISSUER_WAIT", value_name = "TIME", default_value = "15s", value_parser = humantime::parse_duration)]
    pub(crate) issuer_wait: Duration,
    /// Folder in which the issuer's last good signing keys are kept, so that a start while the
    /// issuer is away can serve.
    #[arg(long, env = "KEY_STORE_DIR", value_name = "DIR")]
    key_store: Option<KeyStore>,
}

/// Where the keys of assertions are. Algorithms without a place are refused.
#[derive(Clone, Debug)]
pub(crate) struct GatewayKeys {
    /// The key set for ES256.
    pub(crate) public: Option<Url>,
    /// The file for HS256.
    pub(crate) mac: Option<PathBuf>,
}

impl GuardSettings {
    /// Where tokens are requested.
    #[must_use]
    pub fn authority(&self) -> &Url {
        &self.authority
    }

    /// The tenant that this service's application is registered in.
    #[must_use]
    pub fn home_tenant(&self) -> &str {
        &self.home_tenant
    }

    /// What is wrong with these settings together, each with the flag to change.
    #[must_use]
    pub fn contradictions(&self) -> Vec<String> {
        let mut found = match self.entra() {
            Ok(_) => Vec::new(),
            Err(problems) => problems,
        };
        // Where it is the only tenant, it is one of those above.
        if self.allow_any_tenant || !self.allowed_tenants.is_empty() {
            found.extend(id_contradiction("--home-tenant", &self.home_tenant));
        }
        if self.allow_any_tenant && !self.allowed_tenants.is_empty() {
            found.push(
                "--allow-any-tenant: contradicts --allowed-tenants; give one of them".to_owned(),
            );
        }
        match &self.gateway_keys {
            None if self.trust_gateway && self.gateway_mac_key.is_none() => found.push(
                "--trust-gateway: needs --gateway-mac-key, the file of keys that the authz server shares with this \
                 service, or --gateway-keys, the URL of its public keys"
                    .to_owned(),
            ),
            Some(url) if !self.is_trustworthy(url) => found.push(format!(
                "--gateway-keys {url}: whoever answers there decides who is trusted; give an https URL, one of this machine, \
                 or --gateway-keys-over-plain-http-trusts-the-network"
            )),
            _ => {}
        }
        found
    }

    pub(crate) fn key_policy(&self) -> KeyPolicy {
        KeyPolicy {
            store: self.key_store.clone(),
            ..KeyPolicy::default()
        }
    }

    /// Where the keys of assertions are, if assertions are accepted.
    pub(crate) fn trusted_gateway_keys(&self) -> Option<GatewayKeys> {
        let keys = GatewayKeys {
            public: self.gateway_keys.clone(),
            mac: self.gateway_mac_key.clone(),
        };
        self.trust_gateway.then_some(keys)
    }

    pub(crate) fn entra(&self) -> Result<EntraSettings, Vec<String>> {
        let tenants = if self.allow_any_tenant {
            Tenants::AnyOrganization
        } else if self.allowed_tenants.is_empty() {
            Tenants::Listed(vec![self.home_tenant.clone()])
        } else {
            Tenants::Listed(self.allowed_tenants.clone())
        };
        let flag = |field| match field {
            "authority" => "--authority",
            _ if self.allowed_tenants.is_empty() => "--home-tenant",
            _ => "--allowed-tenants",
        };
        EntraSettings::new(self.authority.as_str(), tenants).map_err(|problems| {
            problems
                .into_iter()
                .map(|invalid| format!("{}: {}", flag(invalid.field), invalid.problem))
                .collect()
        })
    }

    fn is_trustworthy(&self, url: &Url) -> bool {
        let is_local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        match url.scheme() {
            "https" => true,
            "http" => is_local || self.gateway_keys_over_plain_http_trusts_the_network,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::GuardSettings;

    const TENANT: &str = "11111111-1111-4111-8111-11111111111a";

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        guard: GuardSettings,
    }

    #[test]
    fn contradictions_name_the_flag() {
        let keys = "--trust-gateway --gateway-keys";
        for (arguments, expected) in [
            (format!("--home-tenant {TENANT}"), None),
            (
                format!("--home-tenant {TENANT} {keys} http://127.0.0.1:9001/keys"),
                None,
            ),
            (
                format!("--home-tenant {TENANT} {keys} https://authz.portcullis.svc/keys"),
                None,
            ),
            (format!("--home-tenant {TENANT} --allow-any-tenant"), None),
            (format!("--home-tenant {}", TENANT.to_uppercase()), None),
            (
                format!("--home-tenant {{{TENANT}}} --allowed-tenants {{{TENANT}}}"),
                None,
            ),
            (
                "--home-tenant contoso.example".to_owned(),
                Some("--home-tenant"),
            ),
            (
                format!("--home-tenant contoso.example --allowed-tenants {TENANT}"),
                Some("--home-tenant"),
            ),
            (
                "--home-tenant contoso.example --allow-any-tenant".to_owned(),
                Some("--home-tenant"),
            ),
            (
                format!("--home-tenant {TENANT} --allowed-tenants x,y"),
                Some("--allowed-tenants"),
            ),
            (
                format!("--home-tenant {TENANT} --authority http://localhost"),
                Some("--authority"),
            ),
            (
                format!("--home-tenant {TENANT} --allowed-tenants {TENANT} --allow-any-tenant"),
                Some("--allow-any-tenant"),
            ),
            (
                format!("--home-tenant {TENANT} --trust-gateway"),
                Some("--trust-gateway"),
            ),
            (
                format!("--home-tenant {TENANT} --trust-gateway --gateway-mac-key f"),
                None,
            ),
            (
                format!("--home-tenant {TENANT} {keys} https://authz.svc/keys --gateway-mac-key f"),
                None,
            ),
            (
                format!("--home-tenant {TENANT} {keys} http://authz.svc/keys --gateway-mac-key f"),
                Some("--gateway-keys"),
            ),
            (
                format!("--home-tenant {TENANT} {keys} http://authz.portcullis.svc/keys"),
                Some("--gateway-keys"),
            ),
            (
                format!("--home-tenant {TENANT} {keys} file:///keys"),
                Some("--gateway-keys"),
            ),
        ] {
            let words = std::iter::once("program").chain(arguments.split(' '));
            let found = Program::try_parse_from(words)
                .unwrap()
                .guard
                .contradictions();
            assert_eq!(
                found.is_empty(),
                expected.is_none(),
                "{arguments}: {found:?}"
            );
            assert!(
                found
                    .iter()
                    .all(|problem| problem.starts_with(expected.unwrap_or_default())),
                "{found:?}"
            );
        }
    }

    #[test]
    fn the_home_tenant_is_spelled_as_in_tokens() {
        for spelling in [
            TENANT.to_owned(),
            TENANT.to_uppercase(),
            format!("{{{TENANT}}}"),
        ] {
            let program = Program::try_parse_from(["program", "--home-tenant", &spelling]).unwrap();
            assert_eq!(program.guard.home_tenant(), TENANT);
        }
    }
}
