//! Errors that several settings make together, each with the flag to change.

use url::{Host, Url};

use super::GuardSettings;
use super::ids::id_contradiction;
use super::token_issuer::TokenIssuerFile;

impl GuardSettings {
    /// The errors in these settings together, each with the flag to change.
    #[must_use]
    pub fn contradictions(&self) -> Vec<String> {
        let mut found = match &self.token_issuer {
            Some(_) => self.entra_flags_beside_document(),
            None => self.entra_contradictions(),
        };
        found.extend(self.audience_contradiction());
        found.extend(self.gateway_contradiction());
        found
    }

    /// The error of `client_id`, the value of `flag`: this service's application in Entra.
    ///
    /// Tokens of Entra name it as their audience. Tokens of another issuer do not know it.
    #[must_use]
    pub fn client_id_contradiction(&self, flag: &str, client_id: Option<&str>) -> Option<String> {
        match (self.issuer_is_entra(), client_id) {
            (true, Some(id)) => id_contradiction(flag, id),
            (true, None) => Some(format!(
                "{flag}: is missing, and tokens of Entra name it as their audience"
            )),
            (false, Some(_)) => Some(format!(
                "{flag}: is an id of Entra, and --token-issuer names another issuer; give \
                 --audience instead"
            )),
            (false, None) => None,
        }
    }

    fn entra_contradictions(&self) -> Vec<String> {
        let mut found = match self.entra() {
            Ok(_) => Vec::new(),
            Err(problems) => problems,
        };
        // If the home tenant is the only tenant, its errors are found above.
        if self.allow_any_tenant || !self.allowed_tenants.is_empty() {
            let home_tenant = self.home_tenant.as_deref().unwrap_or_default();
            found.extend(id_contradiction("--home-tenant", home_tenant));
        }
        if self.allow_any_tenant && !self.allowed_tenants.is_empty() {
            found.push(
                "--allow-any-tenant: contradicts --allowed-tenants; give one of them".to_owned(),
            );
        }
        found
    }

    /// An error for each flag of Entra that is given beside a document.
    fn entra_flags_beside_document(&self) -> Vec<String> {
        let flags = [
            ("--home-tenant", self.home_tenant.is_some()),
            ("--allowed-tenants", !self.allowed_tenants.is_empty()),
            ("--allow-any-tenant", self.allow_any_tenant),
            ("--authority", !self.authority_is_default()),
        ];
        flags
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(flag, _)| {
                format!(
                    "{flag}: contradicts --token-issuer, whose document says which tokens count; \
                     remove one of them"
                )
            })
            .collect()
    }

    fn audience_contradiction(&self) -> Option<String> {
        let problem = match (self.issuer_is_entra(), self.audiences.as_slice()) {
            (true, []) => return None,
            (true, _) => {
                "is for issuers other than Entra, whose tokens name the client id; remove it, or \
                 give the --token-issuer of another issuer"
            }
            (false, []) => {
                "is missing; give the audience (aud) that the issuer writes into tokens for this \
                 API"
            }
            (false, audiences) if audiences.iter().any(|audience| audience.trim().is_empty()) => {
                "holds an empty audience; give what the issuer writes into aud"
            }
            (false, _) => return None,
        };
        Some(format!("--audience: {problem}"))
    }

    fn gateway_contradiction(&self) -> Option<String> {
        match &self.gateway_keys {
            None if self.trust_gateway && self.gateway_mac_key.is_none() => Some(
                "--trust-gateway: needs --gateway-mac-key, the file of keys that the authz server \
                 shares with this service, or --gateway-keys, the URL of its public keys"
                    .to_owned(),
            ),
            Some(url) if !self.is_trustworthy(url) => Some(format!(
                "--gateway-keys {url}: without TLS an attacker can replace the keys; give an https \
                 URL, one of this machine, or --insecure-gateway-keys-http"
            )),
            _ => None,
        }
    }

    pub(super) fn issuer_is_entra(&self) -> bool {
        self.token_issuer
            .as_ref()
            .is_none_or(TokenIssuerFile::is_entra)
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
