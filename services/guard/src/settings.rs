use std::path::PathBuf;
use std::time::Duration;

use portcullis_token::{EntraSettings, KeyPolicy, KeyStore, Tenants};
use url::{Host, Url};

use crate::ids::{id_contradiction, parse_id};

/// Settings of the guard: which callers may call, and how it verifies them.
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
    /// Let users of every organization call.
    #[arg(long, env = "ALLOW_ANY_TENANT")]
    allow_any_tenant: bool,
    /// URL of Entra's authority: the public cloud, another cloud, or dev-entra.
    #[arg(
        long,
        env = "AZURE_AUTHORITY_HOST",
        value_name = "URL",
        default_value = EntraSettings::PUBLIC_CLOUD
    )]
    authority: Url,
    /// Accept the authz server's signed assertions beside bearer tokens. Bare X-User-* headers are
    /// never accepted.
    #[arg(long, env = "TRUST_GATEWAY")]
    trust_gateway: bool,
    /// File of the MAC keys that the authz server shares with this service, one on each line in
    /// base64. Assertions by each key (HS256) are accepted. A change takes effect within seconds.
    #[arg(long, env = "GATEWAY_MAC_KEY_FILE", value_name = "FILE")]
    gateway_mac_key: Option<PathBuf>,
    /// URL of the public keys of the authz server's assertions (ES256). --trust-gateway needs this,
    /// --gateway-mac-key, or both.
    #[arg(long, env = "GATEWAY_KEYS_URL", value_name = "URL")]
    gateway_keys: Option<Url>,
    /// Allow --gateway-keys without TLS from another machine. Only a network policy then keeps
    /// others from answering in the authz server's place.
    #[arg(
        long,
        alias = "gateway-keys-over-plain-http-trusts-the-network",
        env = "INSECURE_GATEWAY_KEYS_HTTP"
    )]
    insecure_gateway_keys_http: bool,
    /// Accept assertions that are not bound to method and path (`assertion: {bind: identity}` in
    /// the policy). A stolen one allows every request that its caller may make here, for a minute.
    #[arg(
        long,
        alias = "accept-assertions-good-for-any-request",
        env = "ACCEPT_UNBOUND_ASSERTIONS"
    )]
    pub(crate) accept_unbound_assertions: bool,
    /// Maximum time that a start waits for the issuer's signing keys. The service then serves with
    /// those that it has.
    #[arg(
        long,
        env = "ISSUER_WAIT",
        value_name = "TIME",
        default_value = "15s",
        value_parser = humantime::parse_duration
    )]
    pub(crate) issuer_wait: Duration,
    /// Folder for the issuer's last good signing keys, so that a start while the issuer is away can
    /// serve.
    #[arg(long, env = "KEY_STORE_DIR", value_name = "DIR")]
    key_store: Option<KeyStore>,
}

/// The locations of the keys of assertions. Algorithms without a location are denied.
#[derive(Clone, Debug)]
pub(crate) struct AssertionKeyLocations {
    /// The key set for ES256.
    pub(crate) public: Option<Url>,
    /// The file for HS256.
    pub(crate) mac: Option<PathBuf>,
}

impl GuardSettings {
    /// The authority, which issues tokens.
    #[must_use]
    pub fn authority(&self) -> &Url {
        &self.authority
    }

    /// The tenant that this service's application is registered in.
    #[must_use]
    pub fn home_tenant(&self) -> &str {
        &self.home_tenant
    }

    /// The errors in these settings together, each with the flag to change.
    #[must_use]
    pub fn contradictions(&self) -> Vec<String> {
        let mut found = match self.entra() {
            Ok(_) => Vec::new(),
            Err(problems) => problems,
        };
        // If the home tenant is the only tenant, its errors are found above.
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
                "--trust-gateway: needs --gateway-mac-key, the file of keys that the authz server \
                 shares with this service, or --gateway-keys, the URL of its public keys"
                    .to_owned(),
            ),
            Some(url) if !self.is_trustworthy(url) => found.push(format!(
                "--gateway-keys {url}: without TLS an attacker can replace the keys; give an https \
                 URL, one of this machine, or --insecure-gateway-keys-http"
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

    /// The locations of the keys of assertions, if assertions are accepted.
    pub(crate) fn trusted_key_locations(&self) -> Option<AssertionKeyLocations> {
        let keys = AssertionKeyLocations {
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
                .map(|error| format!("{}: {}", flag(error.field), error.problem))
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
            "http" => is_local || self.insecure_gateway_keys_http,
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
    fn home_tenant_is_spelled_as_in_tokens() {
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
