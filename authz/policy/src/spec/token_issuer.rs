use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use portcullis_token::CallerKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ClaimValueSpec;
use super::duration::{DURATION_PATTERN, optional_duration};

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

impl From<KindWord> for CallerKind {
    fn from(word: KindWord) -> Self {
        match word {
            KindWord::Users => Self::User,
            KindWord::Applications => Self::Application,
        }
    }
}
