//! Policy documents as users write them.
//!
//! Users type the field names, so each name is the standard term for its field.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// `apiVersion` of every document.
pub(crate) const API_VERSION: &str = "portcullis.dev/v1alpha1";

/// Pattern of durations such as `60s`. It accepts more than the parser does.
const DURATION_PATTERN: &str = "^([0-9]+ ?[a-z]+ ?)+$";

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

/// The document's metadata. Unknown members are ignored, because Kubernetes adds its own (labels,
/// uid …).
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Metadata {
    pub(crate) name: String,
}

/// An issuer of tokens: either `entra` or `oidc`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TokenIssuerSpec {
    /// Microsoft Entra ID.
    pub(crate) entra: Option<EntraSpec>,
    /// Any other OpenID Connect provider.
    pub(crate) oidc: Option<OidcSpec>,
    /// Largest accepted difference of clocks; at most 10m [default: 60s].
    #[serde(default, deserialize_with = "optional_duration")]
    #[schemars(with = "Option<String>", regex(pattern = DURATION_PATTERN))]
    pub(crate) clock_skew: Option<Duration>,
    /// The longest time between `nbf` and `exp` [default: 24h; for Entra 24h 5m].
    #[serde(default, deserialize_with = "optional_duration")]
    #[schemars(with = "Option<String>", regex(pattern = DURATION_PATTERN))]
    pub(crate) longest_token_life: Option<Duration>,
    /// Accept sender-constrained tokens (`cnf`: DPoP, mutual TLS) as bearer tokens, without the
    /// proof that they require. Then a stolen one works.
    #[serde(default)]
    pub(crate) insecure_sender_constrained_as_bearer: bool,
}

/// Microsoft Entra ID.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EntraSpec {
    /// URL of another cloud or an External ID tenant [default: https://login.microsoftonline.com].
    pub(crate) authority: Option<String>,
    /// The ids of the tenants whose tokens count.
    #[serde(default)]
    pub(crate) tenants: Vec<String>,
    /// Accept every organization instead of a list. Personal Microsoft accounts are rejected.
    #[serde(default)]
    pub(crate) any_tenant: bool,
}

/// Any OpenID Connect provider.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OidcSpec {
    /// The provider's issuer identifier, exactly as in `iss` of its tokens.
    pub(crate) issuer: String,
    /// The URL of the keys (JWKS), if it is not the one in the discovery document.
    pub(crate) jwks_uri: Option<String>,
    /// A JWKS file instead, which is read again when it changes. A relative path starts at the
    /// working directory of the server.
    pub(crate) jwks_file: Option<PathBuf>,
    /// The JWKS itself instead.
    pub(crate) jwks: Option<JwksSpec>,
    /// The algorithms that the provider signs with [default: RS256]; `none` and HMAC are never
    /// accepted.
    #[serde(default)]
    pub(crate) algorithms: Vec<String>,
    /// The names of the provider's claims.
    #[serde(default)]
    pub(crate) claims: ClaimNamesSpec,
    /// Claims that every token must have, each with its accepted values.
    #[serde(default)]
    pub(crate) required_claims: BTreeMap<String, Vec<ClaimValueSpec>>,
}

/// A JSON Web Key Set (RFC 7517 §5).
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JwksSpec {
    /// The public keys.
    pub(crate) keys: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// The names of the provider's claims, if they differ from RFC 9068. A name with dots is a path.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ClaimNamesSpec {
    /// The caller's unchanging id [default: sub].
    pub(crate) subject: Option<String>,
    /// Display name [default: name].
    pub(crate) name: Option<String>,
    /// E-mail address [default: email].
    pub(crate) email: Option<String>,
    /// A list of roles [default: roles].
    pub(crate) roles: Option<String>,
    /// Scopes, as one string with spaces or as a list [default: scope].
    pub(crate) scopes: Option<String>,
    /// How tokens distinguish users from applications, if the provider's usual claims do not.
    pub(crate) kind: Option<KindSpec>,
}

/// How tokens distinguish users from applications. A token that does not is denied.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct KindSpec {
    /// The claim that distinguishes them. A name with dots is a path.
    pub(crate) claim: Option<String>,
    /// The values of the claim in users' tokens.
    #[serde(default)]
    pub(crate) users: Vec<ClaimValueSpec>,
    /// The values of the claim in applications' tokens.
    #[serde(default)]
    pub(crate) applications: Vec<ClaimValueSpec>,
    /// The kind of caller of a token without the claim, unless its other claims show an
    /// application.
    pub(crate) default: Option<KindWord>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum KindWord {
    /// A user.
    Users,
    /// An application.
    Applications,
}

/// A value that a claim may have, compared with its type.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "neither a string, a whole number, true nor false"
)]
pub(crate) enum ClaimValueSpec {
    Text(String),
    Number(i64),
    Truth(bool),
}

/// Who may call the routes that name this policy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RoutePolicySpec {
    /// The name of a `TokenIssuer`. Without one, tokens are ignored, and only rules for `anyone`
    /// are possible.
    pub(crate) issuer: Option<String>,
    /// The API's application id in Entra, a GUID.
    pub(crate) application: Option<String>,
    /// Audiences, instead of an application id.
    #[serde(default)]
    pub(crate) audiences: Vec<String>,
    /// The rules. A request must meet one of them, with all that it lists.
    pub(crate) allow: Vec<RuleSpec>,
    /// The status for a verified caller whom no rule allows.
    #[serde(default)]
    pub(crate) on_denied: OnDenied,
    /// How many requests one caller may send.
    pub(crate) rate_limit: Option<RateLimitSpec>,
    /// The service behind the route.
    pub(crate) upstream: UpstreamSpec,
}

/// The status of a denial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum OnDenied {
    /// 403 `insufficient_scope` (RFC 6750 §3.1).
    #[default]
    Forbidden,
    /// 401, as API Management's validate-jwt answers.
    Unauthorized,
}

/// A rule: it allows requests that meet all that it lists.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RuleSpec {
    /// The kind of caller.
    pub(crate) callers: Callers,
    /// Any of these HTTP methods; none listed means every method. GET does not include HEAD.
    #[serde(default)]
    pub(crate) methods: Vec<String>,
    /// Any of these scopes.
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    /// Any of these roles.
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    /// All of these roles.
    #[serde(default)]
    pub(crate) all_roles: Vec<String>,
    /// Any of these client applications, by id.
    #[serde(default)]
    pub(crate) actors: Vec<String>,
    /// Claims that the token must have, each with its accepted values. A name with dots is a path.
    #[serde(default)]
    pub(crate) claims: BTreeMap<String, Vec<ClaimValueSpec>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Callers {
    /// People, through a client application.
    Users,
    /// Programs that act as themselves.
    Applications,
    /// Every caller, with or without a token. A token that is sent must be valid all the same.
    Anyone,
}

/// How many requests one caller may send.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RateLimitSpec {
    /// The most requests in any window.
    pub(crate) requests: u32,
    /// The length of the window, such as 60s; at most 24h.
    #[serde(deserialize_with = "duration")]
    #[schemars(with = "String", regex(pattern = DURATION_PATTERN))]
    pub(crate) per: Duration,
}

/// Callers, applications, sessions and tokens that are denied, whatever the policies allow.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DenyListSpec {
    /// Callers, by object id (`oid`, a GUID in any spelling), or by subject for other providers.
    #[serde(default)]
    pub(crate) callers: Vec<String>,
    /// Client applications, by id: as callers themselves, and as the actors of users.
    #[serde(default)]
    pub(crate) applications: Vec<String>,
    /// Sign-in sessions, by `sid`.
    #[serde(default)]
    pub(crate) sessions: Vec<String>,
    /// Tokens, by `jti`, or `uti` as Entra calls it.
    #[serde(default)]
    pub(crate) tokens: Vec<String>,
}

/// The service behind the route.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpstreamSpec {
    /// The audience of assertions.
    pub(crate) name: String,
    /// Whether Envoy forwards the caller's token to the service.
    #[serde(default)]
    pub(crate) forward_token: bool,
    /// The signed assertion of who calls.
    #[serde(default)]
    pub(crate) assertion: AssertionSpec,
}

/// The signed assertion of who calls.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AssertionSpec {
    /// What it is bound to.
    #[serde(default)]
    pub(crate) bind: Bind,
}

/// What an assertion is bound to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Bind {
    /// One request, by its method and path. It is signed for each request.
    #[default]
    Request,
    /// Only the caller and the service. It is signed twice a minute for all requests of the caller.
    /// The service must accept it explicitly (`--accept-unbound-assertions`).
    Identity,
    /// There is no assertion, for a service that verifies the token itself or needs no identity.
    None,
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(|error| {
        serde::de::Error::custom(format!(
            "'{text}' is not a time such as 60s or 1m ({error})"
        ))
    })
}

fn optional_duration<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
}
