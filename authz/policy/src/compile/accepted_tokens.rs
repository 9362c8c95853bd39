use portcullis_token::Audiences;

use crate::document::{Documents, Named};
use crate::entra_ids::{entra_id, in_entra_spelling, is_entra};
use crate::problem::PolicyError;
use crate::route_policy::AcceptedTokens;
use crate::spec::{Callers, RoutePolicySpec};

/// The tokens that a policy accepts.
///
/// A policy whose rules are all for anyone needs no issuer. With an issuer, a token that a request
/// has is verified all the same.
pub(super) fn accepted_tokens(
    document: &Named<RoutePolicySpec>,
    Documents {
        issuers, unread, ..
    }: &Documents,
    problems: &mut Vec<PolicyError>,
) -> Option<AcceptedTokens> {
    let spec = &document.spec;
    let names_api = spec.application.is_some() || !spec.audiences.is_empty();
    let needs_tokens = names_api
        || spec
            .allow
            .iter()
            .any(|rule| rule.callers != Callers::Anyone);
    let Some(issuer) = &spec.issuer else {
        if needs_tokens {
            problems.push(document.problem(
                "spec.issuer",
                "is missing; name the TokenIssuer whose tokens count",
            ));
        }
        return None;
    };
    if !unread && !issuers.iter().any(|other| other.name == *issuer) {
        let names: Vec<&str> = issuers.iter().map(|issuer| issuer.name.as_str()).collect();
        let known = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        let problem = format!("there is no TokenIssuer '{issuer}'; there is: {known}");
        problems.push(document.problem("spec.issuer", problem));
    }
    Some(AcceptedTokens {
        issuer: issuer.clone(),
        audiences: audiences(document, is_entra(issuers, Some(issuer)), problems)?,
    })
}

fn audiences(
    document: &Named<RoutePolicySpec>,
    of_entra: bool,
    problems: &mut Vec<PolicyError>,
) -> Option<Audiences> {
    let RoutePolicySpec {
        application,
        audiences,
        ..
    } = &document.spec;
    match (application.as_deref(), audiences.as_slice()) {
        (Some(""), []) => {
            problems.push(document.problem(
                "spec.application",
                "is empty; give the API's application id",
            ));
        }
        (Some(application), []) if of_entra => {
            return Some(Audiences::Application(entra_id(
                document,
                "spec.application",
                application,
                problems,
            )));
        }
        (Some(application), []) => return Some(Audiences::Application(application.to_owned())),
        (None, [_, ..]) if !audiences.iter().any(String::is_empty) => {
            // Other audiences than the API's id are URIs, which are compared exactly.
            let spelled = |audience: &String| {
                if of_entra {
                    in_entra_spelling(audience)
                } else {
                    audience.clone()
                }
            };
            return Some(Audiences::Exactly(audiences.iter().map(spelled).collect()));
        }
        (None, [_, ..]) => {
            problems.push(document.problem("spec.audiences", "holds an empty audience"));
        }
        (None, []) => problems.push(document.problem(
            "spec.application",
            "is missing; give the API's application id, or audiences",
        )),
        (Some(_), _) => problems.push(document.problem(
            "spec.audiences",
            "contradicts application; give one of them",
        )),
    }
    None
}
