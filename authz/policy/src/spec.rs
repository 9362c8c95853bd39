//! Policy documents as users write them.
//!
//! Users type the field names, so each name is the standard term for its field.

mod duration;
mod route_policy;
mod token_issuer;

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::schema::KindSchema;
pub(crate) use duration::{DURATION_PATTERN, not_a_duration};
pub(crate) use route_policy::{Callers, RateLimitSpec, RoutePolicySpec, RuleSpec};
pub(crate) use token_issuer::{ClaimNamesSpec, EntraSpec, KindSpec, OidcSpec, TokenIssuerSpec};

/// `apiVersion` of every document.
pub(crate) const API_VERSION: &str = "portcullis.dev/v1alpha1";

/// The contents of the documents of one kind.
pub(crate) trait DocumentSpec: DeserializeOwned + JsonSchema {
    /// `kind` of the documents.
    const KIND: &'static str;

    /// The schema of the documents, compiled once.
    fn schema() -> &'static KindSchema;
}

impl DocumentSpec for TokenIssuerSpec {
    const KIND: &'static str = "TokenIssuer";

    fn schema() -> &'static KindSchema {
        static SCHEMA: LazyLock<KindSchema> = LazyLock::new(KindSchema::compile::<TokenIssuerSpec>);
        &SCHEMA
    }
}

impl DocumentSpec for RoutePolicySpec {
    const KIND: &'static str = "RoutePolicy";

    fn schema() -> &'static KindSchema {
        static SCHEMA: LazyLock<KindSchema> = LazyLock::new(KindSchema::compile::<RoutePolicySpec>);
        &SCHEMA
    }
}

impl DocumentSpec for DenyListSpec {
    const KIND: &'static str = "DenyList";

    fn schema() -> &'static KindSchema {
        static SCHEMA: LazyLock<KindSchema> = LazyLock::new(KindSchema::compile::<DenyListSpec>);
        &SCHEMA
    }
}

/// What all documents share, as in Kubernetes.
///
/// The schema has checked `apiVersion`, `kind`, and that there are no other members.
#[derive(Debug, Deserialize)]
pub(crate) struct Document<Spec> {
    pub(crate) metadata: Metadata,
    pub(crate) spec: Spec,
}

/// The document's metadata. Unknown members are ignored, because Kubernetes adds its own (labels,
/// uid …).
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Metadata {
    pub(crate) name: String,
}

/// A value that a claim may have, compared with its type.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "neither a string, a whole number of at most 64 bits, true nor false"
)]
pub(crate) enum ClaimValueSpec {
    Text(String),
    Number(i64),
    Truth(bool),
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
