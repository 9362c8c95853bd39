//! Settings of a service that a guard protects.

mod applications;
mod contradictions;
mod ids;
#[cfg(test)]
mod tests;
mod token_issuer;

use std::path::PathBuf;
use std::time::Duration;

use portcullis_policy::{Issuer, Provider};
use portcullis_runtime::InvalidSettings;
use portcullis_token::{
    Audiences, EntraSettings, KeyPolicy, KeyStore, Tenants, TimeRules, normalize_guid,
};
use url::Url;

use crate::assertions::AssertionTrust;
use crate::guard::{Guard, GuardBuilder};
pub use applications::{ApplicationSettings, Applications};
pub use ids::{id_contradiction, parse_id};
use token_issuer::TokenIssuerFile;

/// Settings of the guard: which callers may call, and how it verifies them.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Callers")]
pub struct GuardSettings {
    /// The tenant that this service's application is registered in.
    #[arg(
        long,
        env = "AZURE_HOME_TENANT_ID",
        value_name = "ID",
        value_parser = parse_id,
        required_unless_present = "token_issuer"
    )]
    home_tenant: Option<String>,
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
    /// File with one TokenIssuer document, as in policies, instead of the four settings above. It
    /// names Entra or another OpenID Connect provider, and is read at the start.
    #[arg(long, env = "TOKEN_ISSUER_FILE", value_name = "FILE")]
    token_issuer: Option<TokenIssuerFile>,
    /// Audiences of this API's tokens (aud) if their issuer is not Entra, whose tokens name the
    /// client id.
    #[arg(
        long = "audience",
        env = "TOKEN_AUDIENCES",
        value_name = "AUDIENCE,..",
        value_delimiter = ','
    )]
    audiences: Vec<String>,
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
    accept_unbound_assertions: bool,
    /// Maximum time that a start waits for the issuer's signing keys. The service then serves with
    /// those that it has.
    #[arg(
        long,
        env = "ISSUER_WAIT",
        value_name = "TIME",
        default_value = "15s",
        value_parser = humantime::parse_duration
    )]
    issuer_wait: Duration,
    /// Folder for the issuer's last good signing keys, so that a start while the issuer is away can
    /// serve.
    #[arg(long, env = "KEY_STORE_DIR", value_name = "DIR")]
    key_store: Option<KeyStore>,
}

impl GuardSettings {
    /// The authority, which issues tokens.
    #[must_use]
    pub fn authority(&self) -> &Url {
        &self.authority
    }

    /// The tenant that this service's application is registered in; `None` with `--token-issuer`.
    #[must_use]
    pub fn home_tenant(&self) -> Option<&str> {
        self.home_tenant.as_deref()
    }

    /// The builder of a guard with these settings, for the upstream `upstream`.
    ///
    /// `client_id` is this service's application in Entra, and `None` if its callers' issuer is
    /// another one.
    pub fn builder(
        &self,
        upstream: &'static str,
        client_id: Option<&str>,
    ) -> Result<GuardBuilder, InvalidSettings> {
        let issuer = self.issuer().map_err(InvalidSettings)?;
        let audiences = self.accepted_audiences(client_id)?;
        let builder = Guard::builder(issuer, audiences)
            .key_policy(KeyPolicy {
                store: self.key_store.clone(),
                ..KeyPolicy::default()
            })
            .issuer_wait(self.issuer_wait);
        Ok(if self.trust_gateway {
            builder.trusting(self.assertion_trust(upstream))
        } else {
            builder
        })
    }

    fn assertion_trust(&self, upstream: &'static str) -> AssertionTrust {
        AssertionTrust {
            upstream,
            public_keys: self.gateway_keys.clone(),
            mac_keys: self.gateway_mac_key.clone(),
            accept_unbound: self.accept_unbound_assertions,
        }
    }

    fn issuer(&self) -> Result<Issuer, Vec<String>> {
        match &self.token_issuer {
            Some(TokenIssuerFile(issuer)) => Ok(issuer.clone()),
            None => Ok(Issuer {
                provider: Provider::Entra(self.entra()?),
                times: TimeRules::entra(),
            }),
        }
    }

    fn accepted_audiences(&self, client_id: Option<&str>) -> Result<Audiences, InvalidSettings> {
        match client_id {
            Some(id) if self.issuer_is_entra() => Ok(Audiences::Application(
                normalize_guid(id).unwrap_or_else(|| id.to_owned()),
            )),
            None if !self.issuer_is_entra() => Ok(Audiences::Exactly(self.audiences.clone())),
            _ => Err(InvalidSettings(
                self.client_id_contradiction("--client-id", client_id)
                    .into_iter()
                    .collect(),
            )),
        }
    }

    fn entra(&self) -> Result<EntraSettings, Vec<String>> {
        let tenants = if self.allow_any_tenant {
            Tenants::AnyOrganization
        } else if self.allowed_tenants.is_empty() {
            Tenants::Listed(self.home_tenant.iter().cloned().collect())
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

    fn authority_is_default(&self) -> bool {
        self.authority.as_str().trim_end_matches('/') == EntraSettings::PUBLIC_CLOUD
    }
}
