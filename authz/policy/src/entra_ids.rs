//! Ids of Entra in documents. Its tokens have GUIDs in one spelling, so an id in another one is
//! normalized, and a text that is no GUID, which would match nothing, is a policy error.

use portcullis_token::normalize_guid;

use crate::document::Named;
use crate::problem::PolicyProblem;
use crate::spec::{ClaimValueSpec, RuleSpec, TokenIssuerSpec};

/// Claims that are an id of Entra ("Access token claims reference").
const ID_CLAIMS: [&str; 4] = ["oid", "tid", "azp", "appid"];
/// Claims that are lists of ids, where a tenant does not have Entra write names instead.
const LIST_CLAIMS: [&str; 2] = ["groups", "wids"];

/// Whether the issuer of this name is Entra.
pub(crate) fn is_entra(issuers: &[Named<TokenIssuerSpec>], name: Option<&str>) -> bool {
    issuers
        .iter()
        .any(|issuer| Some(issuer.name.as_str()) == name && issuer.spec.entra.is_some())
}

/// `id` as Entra's tokens have it. What is not a GUID is a policy error at `path`, and stays as it
/// is.
pub(crate) fn entra_id<Spec>(
    document: &Named<Spec>,
    path: &str,
    id: &str,
    problems: &mut Vec<PolicyProblem>,
) -> String {
    normalize_guid(id).unwrap_or_else(|| {
        problems.push(document.problem(path, advice(id)));
        id.to_owned()
    })
}

/// [`entra_id`] for each id of the list at `path`.
pub(crate) fn entra_ids<Spec>(
    document: &Named<Spec>,
    path: &str,
    ids: &[String],
    problems: &mut Vec<PolicyProblem>,
) -> Vec<String> {
    let id = |(index, id): (usize, &String)| {
        entra_id(document, &format!("{path}[{index}]"), id, problems)
    };
    ids.iter().enumerate().map(id).collect()
}

/// A text in which a GUID of any spelling has Entra's.
pub(crate) fn in_entra_spelling(text: &str) -> String {
    normalize_guid(text).unwrap_or_else(|| text.to_owned())
}

/// Normalizes the ids that the rule at `path` lists.
pub(crate) fn normalize_rule<Spec>(
    document: &Named<Spec>,
    path: &str,
    rule: &RuleSpec,
    problems: &mut Vec<PolicyProblem>,
) -> RuleSpec {
    let mut rule = rule.clone();
    rule.actors = entra_ids(document, &format!("{path}.actors"), &rule.actors, problems);
    for (claim, values) in &mut rule.claims {
        for value in values {
            let ClaimValueSpec::Text(text) = value else {
                continue;
            };
            if ID_CLAIMS.contains(&claim.as_str()) {
                *text = entra_id(document, &format!("{path}.claims.{claim}"), text, problems);
            } else if LIST_CLAIMS.contains(&claim.as_str()) {
                *text = in_entra_spelling(text);
            }
        }
    }
    rule
}

/// Never repeats `id`, which can be an e-mail address.
fn advice(id: &str) -> &'static str {
    if id.trim().is_empty() {
        "is empty; write the id, a GUID"
    } else if id.contains('@') {
        "is a user principal name or an e-mail address, which change and repeat; write the object id, a GUID"
    } else if id.contains("://") {
        "is the URI of an application; write the application (client) id, a GUID"
    } else {
        "is not a GUID, and every id of Entra is one; copy the object id or the application (client) id"
    }
}
