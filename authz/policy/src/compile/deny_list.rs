use std::sync::Arc;

use portcullis_token::normalize_guid;

use super::own_problems;
use crate::deny_list::DenyList;
use crate::document::Named;
use crate::entra_ids::entra_ids;
use crate::problem::PolicyError;
use crate::spec::DenyListSpec;

/// Compiles the deny lists into one, and adds their policy errors to `problems`.
///
/// `only_entra` says whether every issuer is Entra, so that every id of a caller is a GUID.
pub(super) fn deny_list(
    documents: &[Named<DenyListSpec>],
    only_entra: bool,
    problems: &mut Vec<PolicyError>,
) -> Arc<DenyList> {
    let mut list = DenyList::default();
    for document in documents {
        own_problems(document, problems, |problems| {
            check_deny_list(document, only_entra, problems);
        });
        list.add(&document.spec);
    }
    Arc::new(list)
}

fn check_deny_list(
    document: &Named<DenyListSpec>,
    only_entra: bool,
    problems: &mut Vec<PolicyError>,
) {
    let DenyListSpec {
        callers,
        applications,
        sessions,
        tokens,
    } = &document.spec;
    for (path, ids, ids_of_callers) in [
        ("spec.callers", callers, true),
        ("spec.applications", applications, true),
        ("spec.sessions", sessions, false),
        ("spec.tokens", tokens, false),
    ] {
        if only_entra && ids_of_callers {
            entra_ids(document, path, ids, problems);
        } else {
            check_entries(document, path, ids, problems);
        }
    }
}

fn check_entries(
    document: &Named<DenyListSpec>,
    path: &str,
    ids: &[String],
    problems: &mut Vec<PolicyError>,
) {
    let bad = |id: &str| (id.trim() != id || id.is_empty()) && normalize_guid(id).is_none();
    for (index, _) in ids.iter().enumerate().filter(|(_, id)| bad(id)) {
        let problem = "is empty or has spaces around it, so it can match nothing";
        problems.push(document.problem(&format!("{path}[{index}]"), problem));
    }
}
