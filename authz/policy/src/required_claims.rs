use std::collections::BTreeMap;

use portcullis_token::{InvalidRequirement, RequiredClaims};
use serde_json::{Value, json};

use crate::document::Named;
use crate::problem::PolicyError;
use crate::spec::ClaimValueSpec;

/// Compiles the required claims at `path` of `document`.
///
/// Policy errors are added to `problems`. Then the result is empty and must not be used.
pub(crate) fn required_claims<Spec>(
    document: &Named<Spec>,
    path: &str,
    spec: &BTreeMap<String, Vec<ClaimValueSpec>>,
    problems: &mut Vec<PolicyError>,
) -> RequiredClaims {
    let values = |values: &Vec<ClaimValueSpec>| {
        values
            .iter()
            .map(|value| json!(value))
            .collect::<Vec<Value>>()
    };
    let required = spec
        .iter()
        .map(|(claim, accepted)| (claim.clone(), values(accepted)))
        .collect();
    RequiredClaims::new(required).unwrap_or_else(|invalid| {
        let problem = |InvalidRequirement { claim, problem }| {
            document.problem(&format!("{path}.{claim}"), problem)
        };
        problems.extend(invalid.into_iter().map(problem));
        RequiredClaims::default()
    })
}
