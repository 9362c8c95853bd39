use url::Url;

use crate::claims::is_guid;
use crate::jws::Algorithm;
use crate::keys::{FetchError, FetchedKeys, KeySource, PublishedKeys};

/// The placeholder for a token's tenant in Entra's metadata of all organizations.
pub(super) const TENANT_PLACEHOLDER: &str = "{tenantid}";

/// The keys of one tenant. Metadata that names another tenant is an error.
pub(super) struct TenantKeys {
    pub(super) remote: PublishedKeys,
    pub(super) metadata: Url,
    pub(super) tenant: String,
}

impl KeySource for TenantKeys {
    fn name(&self) -> String {
        self.remote.name()
    }

    fn algorithms(&self) -> &[Algorithm] {
        self.remote.algorithms()
    }

    async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
        let fetched = self.remote.fetch().await?;
        let issuer = fetched.issuer.as_deref().unwrap_or_default();
        if names_tenant(issuer, &self.tenant) {
            return Ok(fetched);
        }
        let problem = format!(
            "its issuer '{issuer}' is not that of tenant {}",
            self.tenant
        );
        Err(FetchError::Discovery {
            url: self.metadata.clone(),
            problem,
        })
    }
}

/// Whether the first path segment of the https URL `issuer` names `tenant`.
///
/// The host may differ from the authority's: v1 tokens come from `sts.windows.net`, those of
/// External ID from `{tenant}.ciamlogin.com`. Verified TLS to the authority vouches for the host.
fn names_tenant(issuer: &str, tenant: &str) -> bool {
    let path = issuer
        .strip_prefix("https://")
        .and_then(|rest| rest.split_once('/'))
        .map(|(_host, path)| path);
    let first = path.and_then(|path| path.split('/').next());
    first
        == Some(if is_guid(tenant) {
            tenant
        } else {
            TENANT_PLACEHOLDER
        })
}
