use std::sync::Arc;

use url::Url;

use super::settings::EntraSettings;
use super::tenant_keys::{TENANT_PLACEHOLDER, TenantKeys};
use super::token::caller;
use crate::caller::Caller;
use crate::claims::{Claims, is_guid, wrong};
use crate::issuers::audience::Audiences;
use crate::issuers::entra_version::EntraVersion;
use crate::jws::Algorithm;
use crate::keys::{
    FetchedKeys, KeyCache, KeyLocation, KeySources, PublishedKeys, SourceId, VerificationKey,
};
use crate::token_denied::{Reason, TokenDenied};

/// Entra with the signing keys of its tenants.
#[derive(Debug)]
pub(crate) struct EntraIssuer {
    settings: EntraSettings,
    sources: Vec<Source>,
}

/// The keys of one tenant, or of all organizations, for one version of tokens.
#[derive(Debug)]
struct Source {
    /// The tenant as in URLs: an id, or `organizations`.
    tenant: String,
    version: EntraVersion,
    keys: Arc<KeyCache>,
}

/// The origin that a token claims: a served tenant, a version, and the keys that must verify it.
#[derive(Debug)]
pub(crate) struct Origin<'a> {
    tenant: &'a str,
    version: EntraVersion,
    issuer: &'a str,
    keys: Arc<FetchedKeys>,
}

impl EntraIssuer {
    /// Entra signs with RS256 only.
    pub(crate) const ALGORITHMS: &'static [Algorithm] = &[Algorithm::Rs256];

    pub(crate) fn start(keys: &KeySources, settings: EntraSettings) -> Self {
        Self::with_keys(settings, |tenant, _version, metadata| {
            let location = KeyLocation::Discovery {
                url: metadata.clone(),
                keys_elsewhere: false,
            };
            let algorithms = Self::ALGORITHMS.to_vec();
            let owner = tenant.to_owned();
            let id = SourceId {
                location: location.clone(),
                algorithms: algorithms.clone(),
                owner,
            };
            let remote = PublishedKeys {
                http: keys.http.clone(),
                location,
                algorithms,
            };
            let source = TenantKeys {
                remote,
                metadata: metadata.clone(),
                tenant: tenant.to_owned(),
            };
            keys.cache(id, source, keys.policy.clone())
        })
    }

    /// Makes a source for each tenant and version, because each has its own discovery document and
    /// keys.
    pub(crate) fn with_keys(
        settings: EntraSettings,
        keys_of: impl Fn(&str, EntraVersion, &Url) -> Arc<KeyCache>,
    ) -> Self {
        let tenants = settings.key_tenants().into_iter();
        let sources = tenants.flat_map(|tenant| EntraVersion::ALL.map(|version| (tenant, version)));
        let sources = sources
            .map(|(tenant, version)| {
                let metadata = settings.metadata_url(tenant, version);
                let keys = keys_of(tenant, version, &metadata);
                Source {
                    tenant: tenant.to_owned(),
                    version,
                    keys,
                }
            })
            .collect();
        Self { settings, sources }
    }

    pub(crate) fn settings(&self) -> &EntraSettings {
        &self.settings
    }

    /// Reads the tenant and the version that the token claims. They choose the keys, and the keys
    /// prove them.
    pub(crate) fn origin_of<'a>(&self, claims: &'a Claims) -> Result<Origin<'a>, TokenDenied> {
        let issuer = claims.text("iss")?;
        let (Some(tenant), Some(version)) =
            (claims.optional_text("tid")?, claims.optional_text("ver")?)
        else {
            return Err(foreign_issuer());
        };
        if !is_guid(tenant) {
            return Err(wrong("tid", "is not a GUID in lower case"));
        }
        let version = EntraVersion::from_claim(version)
            .ok_or_else(|| wrong("ver", "is neither 1.0 nor 2.0"))?;
        if !self.settings.serves(tenant) {
            return Err(TokenDenied::new(
                Reason::TenantNotAllowed,
                "the token's tenant is not served here",
            ));
        }
        let keys = self
            .source(tenant, version)
            .and_then(|source| source.keys.keys())
            .ok_or_else(keys_unavailable)?;
        if is_issuer_of(issuer, keys.issuer.as_deref().unwrap_or_default(), tenant) {
            Ok(Origin {
                tenant,
                version,
                issuer,
                keys,
            })
        } else {
            Err(foreign_issuer())
        }
    }

    /// The key epoch. It is the sum over all sources, so it grows whenever keys of one change.
    pub(crate) fn key_epoch(&self) -> u64 {
        self.sources.iter().map(|source| source.keys.epoch()).sum()
    }

    /// The keys of each tenant and version.
    pub(crate) fn key_caches(&self) -> Vec<&KeyCache> {
        self.sources.iter().map(|source| &*source.keys).collect()
    }

    /// The key cache that verifies a token with these claims.
    pub(crate) fn key_cache_of(&self, claims: &Claims) -> Option<&KeyCache> {
        let version = EntraVersion::from_claim(claims.text("ver").ok()?)?;
        self.source(claims.text("tid").ok()?, version)
            .map(|source| &*source.keys)
    }

    fn source(&self, tenant: &str, version: EntraVersion) -> Option<&Source> {
        let of_tenant = |source: &&Source| source.tenant == tenant || !is_guid(&source.tenant);
        self.sources
            .iter()
            .filter(|source| source.version == version)
            .find(of_tenant)
    }
}

impl Origin<'_> {
    /// Reads the caller, if the token is an access token for one of `audiences`.
    pub(crate) fn caller(
        &self,
        claims: &Claims,
        audiences: &Audiences,
    ) -> Result<Caller, TokenDenied> {
        caller(claims, self.tenant, self.version, audiences)
    }

    /// The key that the token names, if Entra binds it to the token's issuer and cloud.
    ///
    /// Entra binds a key to an issuer by the key's member `issuer` ("Claims validation", §Validate
    /// the signing key's issuer). It binds a key to a cloud by `cloud_instance_name`, which the
    /// metadata has too (Microsoft.IdentityModel's
    /// `EnableEntraIdSigningKeyCloudInstanceValidation`). As in that library, a name that the key
    /// or the metadata lacks is not compared.
    pub(crate) fn key(&self, kid: &str) -> Result<&VerificationKey, TokenDenied> {
        let unknown = || {
            TokenDenied::new(
                Reason::KeyUnknown,
                "the token is signed with a key that its issuer does not publish",
            )
        };
        let key = self.keys.keys.get(kid).ok_or_else(unknown)?;
        let of_issuer = key
            .issuer()
            .is_none_or(|template| is_issuer_of(self.issuer, template, self.tenant));
        let cloud = self.keys.cloud_instance.as_deref();
        let of_cloud = key
            .cloud_instance()
            .zip(cloud)
            .is_none_or(|(key, metadata)| key == metadata);
        if of_issuer && of_cloud {
            Ok(key)
        } else {
            Err(foreign_issuer())
        }
    }
}

/// Whether `issuer` is `template` with `tenant` in place of each placeholder.
fn is_issuer_of(issuer: &str, template: &str, tenant: &str) -> bool {
    match template.split_once(TENANT_PLACEHOLDER) {
        None => issuer == template,
        Some((before, after)) => {
            let rest = issuer
                .strip_prefix(before)
                .and_then(|rest| rest.strip_prefix(tenant));
            rest.is_some_and(|rest| is_issuer_of(rest, after, tenant))
        }
    }
}

fn foreign_issuer() -> TokenDenied {
    TokenDenied::new(
        Reason::IssuerNotAllowed,
        "the token was not issued by the Entra tenant that it names",
    )
}

fn keys_unavailable() -> TokenDenied {
    TokenDenied::new(
        Reason::KeysUnavailable,
        "the issuer's signing keys are unavailable; try again in a moment",
    )
}
