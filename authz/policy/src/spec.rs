//! The documents as they are written. Field names are what users type, so each is the field's standard term.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// `apiVersion` of every document.
pub(crate) const API_VERSION: &str = "portcullis.dev/v1alpha1";

/// The shape that all documents share, as in Kubernetes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Document<Spec> {
    #[serde(rename = "apiVersion")]
    pub(crate) _api_version: ApiVersion,
    #[serde(rename = "kind")]
    pub(crate) _kind: String,
    pub(crate) metadata: Metadata,
    pub(crate) spec: Spec,
}

#[derive(Debug, Deserialize)]
pub(crate) enum ApiVersion {
    #[serde(rename = "portcullis.dev/v1alpha1")]
    V1Alpha1,
}

/// Kubernetes adds members of its own (labels, uid …), so others than the name are let pass.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) name: String,
}

/// Who issues tokens: one of `entra` and `oidc`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TokenIssuerSpec {
    pub(crate) entra: Option<EntraSpec>,
    pub(crate) oidc: Option<OidcSpec>,
    /// How far clocks may differ.
    #[serde(default, deserialize_with = "optional_duration")]
    pub(crate) clock_skew: Option<Duration>,
    /// The longest time between `nbf` and `exp`.
    #[serde(default, deserialize_with = "optional_duration")]
    pub(crate) longest_token_life: Option<Duration>,
}

/// Microsoft Entra ID.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EntraSpec {
    /// Another cloud's URL.
    pub(crate) authority: Option<String>,
    #[serde(default)]
    pub(crate) tenants: Vec<String>,
    #[serde(default)]
    pub(crate) any_tenant: bool,
}

/// Any OpenID Connect provider.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OidcSpec {
    /// As tokens spell it.
    pub(crate) issuer: String,
    /// Where the keys are, if not where the discovery document says.
    pub(crate) jwks_uri: Option<String>,
    /// The algorithms that the provider signs with.
    #[serde(default)]
    pub(crate) algorithms: Vec<String>,
    #[serde(default)]
    pub(crate) claims: ClaimNamesSpec,
}

/// What the provider calls its claims, where it differs from RFC 9068.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ClaimNamesSpec {
    pub(crate) subject: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) roles: Option<String>,
    pub(crate) scopes: Option<String>,
}

/// What may pass one kind of route.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RoutePolicySpec {
    /// The name of a `TokenIssuer`.
    pub(crate) issuer: String,
    /// The API's application id in Entra.
    pub(crate) application: Option<String>,
    /// Audiences other than an application's.
    #[serde(default)]
    pub(crate) audiences: Vec<String>,
    pub(crate) allow: Vec<RuleSpec>,
    pub(crate) rate_limit: Option<RateLimitSpec>,
    pub(crate) upstream: UpstreamSpec,
}

/// One way to be allowed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RuleSpec {
    pub(crate) callers: Callers,
    /// Any of these scopes.
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    /// Any of these roles.
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    /// Any of these client applications.
    #[serde(default)]
    pub(crate) actors: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Callers {
    Users,
    Applications,
}

/// How often one caller may pass.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RateLimitSpec {
    pub(crate) requests: u32,
    #[serde(deserialize_with = "duration")]
    pub(crate) per: Duration,
}

/// The service behind the route.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpstreamSpec {
    /// The audience of assertions.
    pub(crate) name: String,
    /// Whether the caller's token reaches the service.
    #[serde(default)]
    pub(crate) forward_token: bool,
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text)
        .map_err(|error| serde::de::Error::custom(format!("'{text}' is not a time such as 60s or 1m ({error})")))
}

fn optional_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
}
