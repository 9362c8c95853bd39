//! Ids of Entra in policy documents.
//!
//! Entra's tokens have GUIDs in one spelling, so other spellings are normalized. A string that is
//! no GUID is a policy error, because it would match nothing.

use portcullis_token::normalize_guid;

use crate::document::Named;
use crate::problem::PolicyError;
use crate::spec::{ClaimValueSpec, RuleSpec, TokenIssuerSpec};

/// Claims that are an id of Entra ("Access token claims reference").
const ID_CLAIMS: [&str; 4] = ["oid", "tid", "azp", "appid"];
/// Claims that are lists of ids, unless a tenant lets Entra write names instead.
const LIST_CLAIMS: [&str; 2] = ["groups", "wids"];

/// Whether the issuer of this name is Entra.
pub(crate) fn is_entra(issuers: &[Named<TokenIssuerSpec>], name: Option<&str>) -> bool {
    issuers
        .iter()
        .any(|issuer| Some(issuer.name.as_str()) == name && issuer.spec.entra.is_some())
}

/// `id` in the spelling of Entra's tokens.
///
/// If it is no GUID, it stays as it is and is a policy error at `path`.
pub(crate) fn entra_id<Spec>(
    document: &Named<Spec>,
    path: &str,
    id: &str,
    problems: &mut Vec<PolicyError>,
) -> String {
    normalize_guid(id).unwrap_or_else(|| {
        problems.push(document.problem(path, advice(id)));
        id.to_owned()
    })
}

/// Calls [`entra_id`] for each id of the list at `path`.
pub(crate) fn entra_ids<Spec>(
    document: &Named<Spec>,
    path: &str,
    ids: &[String],
    problems: &mut Vec<PolicyError>,
) -> Vec<String> {
    let id = |(index, id): (usize, &String)| {
        entra_id(document, &format!("{path}[{index}]"), id, problems)
    };
    ids.iter().enumerate().map(id).collect()
}

/// `id` in the spelling of Entra's tokens if it is a GUID, otherwise as it is.
pub(crate) fn in_entra_spelling(id: &str) -> String {
    normalize_guid(id).unwrap_or_else(|| id.to_owned())
}

/// Normalizes the ids that the rule at `path` lists.
pub(crate) fn normalize_rule<Spec>(
    document: &Named<Spec>,
    path: &str,
    rule: &RuleSpec,
    problems: &mut Vec<PolicyError>,
) -> RuleSpec {
    let mut rule = rule.clone();
    rule.actors = entra_ids(document, &format!("{path}.actors"), &rule.actors, problems);
    for (claim, values) in &mut rule.claims {
        for value in values {
            let ClaimValueSpec::Text(id) = value else {
                continue;
            };
            if ID_CLAIMS.contains(&claim.as_str()) {
                *id = entra_id(document, &format!("{path}.claims.{claim}"), id, problems);
            } else if LIST_CLAIMS.contains(&claim.as_str()) {
                *id = in_entra_spelling(id);
            }
        }
    }
    rule
}

/// Says why `id` is invalid and how to fix it. Never repeats `id`, which can be an e-mail address.
fn advice(id: &str) -> &'static str {
    if id.trim().is_empty() {
        "is empty; write the id, a GUID"
    } else if id.contains('@') {
        "is a user principal name or an e-mail address, which change and repeat; \
         write the object id, a GUID"
    } else if id.contains("://") {
        "is the URI of an application; write the application (client) id, a GUID"
    } else {
        "is not a GUID, and every id of Entra is one; \
         copy the object id or the application (client) id"
    }
}
