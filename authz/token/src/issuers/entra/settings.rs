use url::Url;

use crate::claims::normalize_guid;
use crate::issuers::entra_version::EntraVersion;

/// The tenant of personal Microsoft accounts. Every person can create such an account, so its
/// tokens are accepted only if `tenants` lists this id.
const PERSONAL_ACCOUNTS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Settings of Entra as an issuer: its authority and the tenants that are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntraSettings {
    authority: Url,
    tenants: Tenants,
    sender_constrained_as_bearer: bool,
}

/// The tenants whose tokens are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tenants {
    /// The tenants with these ids.
    Listed(Vec<String>),
    /// Every organization. Personal Microsoft accounts are rejected.
    AnyOrganization,
}

/// An error in the settings of Entra.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct InvalidEntraSettings {
    /// The setting to change: `authority` or `tenants`.
    pub field: &'static str,
    /// The error, and the valid values.
    pub problem: String,
}

impl EntraSettings {
    /// The authority of Entra's public cloud.
    pub const PUBLIC_CLOUD: &'static str = "https://login.microsoftonline.com";

    /// Checks `authority` (an https origin) and the ids of `tenants`. Reports every error at once.
    pub fn new(authority: &str, tenants: Tenants) -> Result<Self, Vec<InvalidEntraSettings>> {
        let mut problems = tenants.problems();
        match parse_authority(authority) {
            Ok(authority) if problems.is_empty() => {
                return Ok(Self {
                    authority,
                    tenants: tenants.normalized(),
                    sender_constrained_as_bearer: false,
                });
            }
            Ok(_) => {}
            Err(problem) => problems.push(InvalidEntraSettings {
                field: "authority",
                problem,
            }),
        }
        Err(problems)
    }

    /// Accepts sender-constrained tokens (`cnf`) without a proof of possession.
    #[must_use]
    pub fn insecure_sender_constrained_as_bearer(self, taken: bool) -> Self {
        Self {
            sender_constrained_as_bearer: taken,
            ..self
        }
    }

    pub(crate) fn takes_sender_constrained_as_bearer(&self) -> bool {
        self.sender_constrained_as_bearer
    }

    /// The authority, which issues tokens and publishes keys.
    #[must_use]
    pub fn authority(&self) -> &Url {
        &self.authority
    }

    /// The issuer of a tenant's tokens as Microsoft documents it. Verification compares with the
    /// metadata instead.
    pub(crate) fn documented_issuer(&self, tenant: &str, version: EntraVersion) -> String {
        match version {
            EntraVersion::V1 => format!("https://sts.windows.net/{tenant}/"),
            EntraVersion::V2 => format!("{}{tenant}/v2.0", self.authority),
        }
    }

    /// One of the listed tenants; `None` if every organization is served.
    pub(crate) fn some_tenant(&self) -> Option<&str> {
        match &self.tenants {
            Tenants::Listed(tenants) => tenants.first().map(String::as_str),
            Tenants::AnyOrganization => None,
        }
    }

    pub(super) fn serves(&self, tenant: &str) -> bool {
        match &self.tenants {
            Tenants::Listed(tenants) => tenants.iter().any(|listed| listed == tenant),
            Tenants::AnyOrganization => tenant != PERSONAL_ACCOUNTS,
        }
    }

    /// The tenants that keys are fetched for, as in URLs.
    pub(super) fn key_tenants(&self) -> Vec<&str> {
        match &self.tenants {
            Tenants::Listed(tenants) => tenants.iter().map(String::as_str).collect(),
            Tenants::AnyOrganization => vec!["organizations"],
        }
    }

    /// The URL of a tenant's discovery document. Each version has its own document and issuer.
    pub(super) fn metadata_url(&self, tenant: &str, version: EntraVersion) -> Url {
        let mut url = self.authority.clone();
        url.set_path(&match version {
            EntraVersion::V1 => format!("{tenant}/.well-known/openid-configuration"),
            EntraVersion::V2 => format!("{tenant}/v2.0/.well-known/openid-configuration"),
        });
        url
    }
}

impl Tenants {
    fn problems(&self) -> Vec<InvalidEntraSettings> {
        let Self::Listed(tenants) = self else {
            return Vec::new();
        };
        let problem = |problem| InvalidEntraSettings {
            field: "tenants",
            problem,
        };
        if tenants.is_empty() {
            return vec![problem(
                "is empty; list the ids of the tenants to serve".to_owned(),
            )];
        }
        let bad = tenants
            .iter()
            .filter(|tenant| normalize_guid(tenant).is_none());
        bad.map(|tenant| {
            problem(format!(
                "'{tenant}' is not a tenant id; give the GUID, not a domain name"
            ))
        })
        .collect()
    }

    fn normalized(self) -> Self {
        match self {
            Self::Listed(tenants) => Self::Listed(
                tenants
                    .iter()
                    .filter_map(|tenant| normalize_guid(tenant))
                    .collect(),
            ),
            Self::AnyOrganization => Self::AnyOrganization,
        }
    }
}

fn parse_authority(text: &str) -> Result<Url, String> {
    let example = EntraSettings::PUBLIC_CLOUD;
    let url = Url::parse(text)
        .map_err(|error| format!("'{text}' is not a URL ({error}); give one such as {example}"))?;
    if url.scheme() != "https" {
        return Err(format!(
            "'{text}' is not https; without TLS an attacker can replace the keys"
        ));
    }
    let only_origin = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty();
    if only_origin {
        Ok(url)
    } else {
        Err(format!(
            "'{text}' has more than a host and a port; give one such as {example}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{EntraSettings, PERSONAL_ACCOUNTS, Tenants};
    use crate::issuers::entra_version::EntraVersion;

    const TENANT: &str = "11111111-1111-4111-8111-11111111111A";

    #[test]
    fn listed_tenant_is_served_in_any_spelling() {
        for spelling in [
            TENANT.to_owned(),
            TENANT.to_lowercase(),
            format!("{{{TENANT}}}"),
            format!(" {TENANT} "),
        ] {
            let settings =
                EntraSettings::new("https://localhost:8443", Tenants::Listed(vec![spelling]))
                    .unwrap();
            assert!(settings.serves(&TENANT.to_lowercase()) && !settings.serves(PERSONAL_ACCOUNTS));
        }
        let settings = EntraSettings::new(
            "https://localhost:8443",
            Tenants::Listed(vec![TENANT.to_owned()]),
        )
        .unwrap();
        let url = |version| settings.metadata_url("t", version).to_string();
        assert_eq!(
            url(EntraVersion::V1),
            "https://localhost:8443/t/.well-known/openid-configuration"
        );
        assert_eq!(
            url(EntraVersion::V2),
            "https://localhost:8443/t/v2.0/.well-known/openid-configuration"
        );
    }

    #[test]
    fn any_organization_excludes_personal_accounts() {
        let settings =
            EntraSettings::new(EntraSettings::PUBLIC_CLOUD, Tenants::AnyOrganization).unwrap();
        assert!(settings.serves(&TENANT.to_lowercase()) && !settings.serves(PERSONAL_ACCOUNTS));
        let listed = Tenants::Listed(vec![PERSONAL_ACCOUNTS.to_owned()]);
        assert!(
            EntraSettings::new(EntraSettings::PUBLIC_CLOUD, listed)
                .unwrap()
                .serves(PERSONAL_ACCOUNTS)
        );
    }

    /// The national clouds ("National clouds", Microsoft identity platform) and External ID, whose
    /// authority has the tenant's name.
    #[test]
    fn metadata_url_is_under_the_authority_of_each_cloud() {
        for authority in [
            "https://login.microsoftonline.us",
            "https://login.partner.microsoftonline.cn",
            "https://contoso.ciamlogin.com",
        ] {
            let settings =
                EntraSettings::new(authority, Tenants::Listed(vec![TENANT.to_owned()])).unwrap();
            let url = settings.metadata_url("t", EntraVersion::V2).to_string();
            assert_eq!(
                url,
                format!("{authority}/t/v2.0/.well-known/openid-configuration")
            );
            assert_eq!(
                settings.documented_issuer("t", EntraVersion::V2),
                format!("{authority}/t/v2.0")
            );
        }
    }

    #[test]
    fn every_error_is_reported_at_once() {
        let tenants = Tenants::Listed(vec!["contoso.example".to_owned(), "common".to_owned()]);
        let problems = EntraSettings::new("http://localhost", tenants).unwrap_err();
        let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(text.len(), 3, "{text:?}");
        for authority in [
            "",
            "https://host/path",
            "https://host/?q",
            "https://user@host",
            "ftp://host",
        ] {
            assert!(
                EntraSettings::new(authority, Tenants::AnyOrganization).is_err(),
                "{authority}"
            );
        }
        assert!(EntraSettings::new("https://host", Tenants::Listed(Vec::new())).is_err());
    }
}
