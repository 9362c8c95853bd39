//! The documents as they are written. Field names are what users type, so each is the field's
//! standard term.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// `apiVersion` of every document.
pub(crate) const API_VERSION: &str = "portcullis.dev/v1alpha1";

/// Times as people write them, as far as a pattern can say it.
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

/// Kubernetes adds members of its own (labels, uid …), so others than the name are let pass.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Metadata {
    pub(crate) name: String,
}

/// Who issues tokens: one of `entra` and `oidc`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TokenIssuerSpec {
    /// Microsoft Entra ID.
    pub(crate) entra: Option<EntraSpec>,
    /// Any other OpenID Connect provider.
    pub(crate) oidc: Option<OidcSpec>,
    /// How far clocks may differ; at most 10m [default: 60s].
    #[serde(default, deserialize_with = "optional_duration")]
    #[schemars(with = "Option<String>", regex(pattern = DURATION_PATTERN))]
    pub(crate) clock_skew: Option<Duration>,
    /// The longest time between `nbf` and `exp` [default: 24h; for Entra 24h 5m].
    #[serde(default, deserialize_with = "optional_duration")]
    #[schemars(with = "Option<String>", regex(pattern = DURATION_PATTERN))]
    pub(crate) longest_token_life: Option<Duration>,
    /// Take sender-constrained tokens (`cnf`: DPoP, mutual TLS) as bearer tokens, without the proof
    /// that they ask for. Then a stolen one works.
    #[serde(default)]
    pub(crate) insecure_sender_constrained_as_bearer: bool,
}

/// Microsoft Entra ID.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EntraSpec {
    /// Another cloud's or an External ID tenant's URL [default: https://login.microsoftonline.com].
    pub(crate) authority: Option<String>,
    /// The ids of the tenants whose tokens count.
    #[serde(default)]
    pub(crate) tenants: Vec<String>,
    /// Every organization instead of a list. Personal accounts are none.
    #[serde(default)]
    pub(crate) any_tenant: bool,
}

/// Any OpenID Connect provider.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OidcSpec {
    /// The provider as its tokens spell it.
    pub(crate) issuer: String,
    /// Where the keys are, if not where the discovery document says.
    pub(crate) jwks_uri: Option<String>,
    /// A JWKS file instead, read again when it changes. A relative path starts at the working
    /// directory of the server.
    pub(crate) jwks_file: Option<PathBuf>,
    /// The JWKS itself instead.
    pub(crate) jwks: Option<JwksSpec>,
    /// The algorithms that the provider signs with [default: RS256]; `none` and HMAC never are.
    #[serde(default)]
    pub(crate) algorithms: Vec<String>,
    /// What the provider calls its claims.
    #[serde(default)]
    pub(crate) claims: ClaimNamesSpec,
    /// Claims that every token must have, with the values that will do.
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

/// What the provider calls its claims, where it differs from RFC 9068. A name with dots is a path.
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
    /// Scopes, as one text with spaces or as a list [default: scope].
    pub(crate) scopes: Option<String>,
    /// How tokens tell users from applications, where the provider's known signs do not.
    pub(crate) kind: Option<KindSpec>,
}

/// How tokens tell users from applications. A token that leaves it open is denied.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct KindSpec {
    /// The claim that tells. A name with dots is a path.
    pub(crate) claim: Option<String>,
    /// The values that it has in users' tokens.
    #[serde(default)]
    pub(crate) users: Vec<ClaimValueSpec>,
    /// The values that it has in applications' tokens.
    #[serde(default)]
    pub(crate) applications: Vec<ClaimValueSpec>,
    /// What a token without the claim speaks for, unless it shows the signs of an application.
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
#[serde(untagged, expecting = "neither a text, a whole number, true nor false")]
pub(crate) enum ClaimValueSpec {
    Text(String),
    Number(i64),
    Truth(bool),
}

/// What may pass one kind of route.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RoutePolicySpec {
    /// The name of a `TokenIssuer`. Without one, no token is looked at, and only rules for `anyone`
    /// make sense.
    pub(crate) issuer: Option<String>,
    /// The API's application id in Entra, a GUID.
    pub(crate) application: Option<String>,
    /// Audiences other than an application's.
    #[serde(default)]
    pub(crate) audiences: Vec<String>,
    /// The ways to be allowed: one of these rules must be met, and all of what it lists.
    pub(crate) allow: Vec<RuleSpec>,
    /// How a verified caller that no rule allows is answered.
    #[serde(default)]
    pub(crate) on_denied: OnDenied,
    /// How often one caller may pass.
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

/// One way to be allowed: all that it lists must be met.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RuleSpec {
    /// What kind of caller.
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
    /// Claims that the token must have, each with the values that will do. A name with dots is a
    /// path.
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
    /// Everybody, with or without a token. A token that comes must be good all the same.
    Anyone,
}

/// How often one caller may pass.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RateLimitSpec {
    /// At most so many requests in any window.
    pub(crate) requests: u32,
    /// The length of the window, such as 60s; at most 24h.
    #[serde(deserialize_with = "duration")]
    #[schemars(with = "String", regex(pattern = DURATION_PATTERN))]
    pub(crate) per: Duration,
}

/// Whom nobody lets in any more, whatever their tokens say.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DenyListSpec {
    /// Callers, by object id (`oid`, a GUID in any spelling), or by the subject of other providers.
    #[serde(default)]
    pub(crate) callers: Vec<String>,
    /// Client applications, by id, as callers and as clients of users.
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
    /// Whether the caller's token reaches the service.
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
    /// What it is good for.
    #[serde(default)]
    pub(crate) bind: Bind,
}

/// What an assertion is good for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Bind {
    /// This request alone: method and path. Signed anew for every request.
    #[default]
    Request,
    /// Any request of the caller to this service. Signed anew twice a minute; the service must be
    /// told to accept it.
    Identity,
    /// There is none, for a service that verifies the token itself or needs no proof.
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
