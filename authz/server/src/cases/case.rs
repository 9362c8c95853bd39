//! Cases as they are written.

use std::collections::{BTreeMap, HashSet};

use anyhow::{anyhow, ensure};
use portcullis_policy::YamlError;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cases {
    pub(super) cases: Vec<Case>,
}

/// One request, and what the gate must say to it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Case {
    /// A sentence, different for each case.
    pub(super) name: String,
    /// The route's policy.
    pub(super) policy: String,
    #[serde(default = "get")]
    pub(super) method: String,
    #[serde(default = "root")]
    pub(super) path: String,
    /// What the token says that somebody without any right has not; null takes a claim away. The
    /// rest of a good token is filled in.
    pub(super) claims: Option<Map<String, Value>>,
    /// A token of an issuer instead. All but its signature is judged, as at `at`.
    pub(super) token: Option<String>,
    /// A whole Authorization header instead.
    pub(super) authorization: Option<String>,
    /// When the request comes, in seconds since 1970 [default: now; with `token`, the second after
    /// it was issued].
    pub(super) at: Option<u64>,
    pub(super) expect: Expected,
}

/// What the gate must say. What is not listed may be anything.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Expected {
    pub(super) outcome: Outcome,
    /// The HTTP status of a denial.
    pub(super) status: Option<i32>,
    /// The reason code of a denial.
    pub(super) reason: Option<String>,
    /// Headers that the service must get, by name in lower case; null for one that it must not get
    /// from the client.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Option<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    /// The request passes.
    Allow,
    /// It is refused.
    Deny,
}

fn get() -> String {
    "GET".to_owned()
}

fn root() -> String {
    "/".to_owned()
}

impl Cases {
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let cases: Self =
            serde_saphyr::from_str(text).map_err(|error| anyhow!("{}", YamlError::from(&error)))?;
        ensure!(!cases.cases.is_empty(), "it has no case");
        let mut names = HashSet::new();
        for case in &cases.cases {
            let name = &case.name;
            ensure!(names.insert(name), "two cases have the name '{name}'");
            let given = [
                case.claims.is_some(),
                case.token.is_some(),
                case.authorization.is_some(),
            ];
            ensure!(
                given.iter().filter(|given| **given).count() <= 1,
                "case '{name}': claims, token and authorization exclude each other"
            );
            let denial = case.expect.status.is_some() || case.expect.reason.is_some();
            ensure!(
                case.expect.outcome == Outcome::Deny || !denial,
                "case '{name}': a request that is allowed has neither status nor reason"
            );
        }
        Ok(cases)
    }
}
