//! Cases of `portcullis test`, parsed from YAML.

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

/// One request, and the decision that it must get.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Case {
    /// A sentence, unique in the file.
    pub(super) name: String,
    /// The route's policy.
    pub(super) policy: String,
    #[serde(default = "get")]
    pub(super) method: String,
    #[serde(default = "root")]
    pub(super) path: String,
    /// Claims added to those of a valid token without any right; null removes a claim.
    pub(super) claims: Option<Map<String, Value>>,
    /// An issuer's token, instead of `claims`. All of it but the signature is verified, at the
    /// time `at`.
    pub(super) token: Option<String>,
    /// A whole Authorization header, instead of `claims`.
    pub(super) authorization: Option<String>,
    /// Time of the request, in seconds since 1970 [default: now; with `token`, one second after its
    /// `iat`].
    pub(super) at: Option<u64>,
    pub(super) expect: Expected,
}

/// The expected decision. Only the given fields are compared.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Expected {
    pub(super) outcome: Outcome,
    /// The HTTP status of a denial.
    pub(super) status: Option<i32>,
    /// The reason code of a denial.
    pub(super) reason: Option<String>,
    /// Headers that the service must get, by name in lower case; null for a header that must not
    /// reach it from the client.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Option<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    /// The request passes.
    Allow,
    /// The request is denied.
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
        ensure!(!cases.cases.is_empty(), "no cases");
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
