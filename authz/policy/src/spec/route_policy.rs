use std::collections::BTreeMap;
use std::time::Duration;

use portcullis_token::CallerKind;
use schemars::JsonSchema;
use serde::Deserialize;

use super::ClaimValueSpec;
use super::duration::{DURATION_PATTERN, duration};
use crate::route_policy::{Binding, OnDenied};

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

impl Callers {
    /// The kind of caller; `None` for anyone.
    pub(crate) fn kind(self) -> Option<CallerKind> {
        match self {
            Self::Users => Some(CallerKind::User),
            Self::Applications => Some(CallerKind::Application),
            Self::Anyone => None,
        }
    }
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
    pub(crate) bind: Binding,
}
