use portcullis_token::{CallerKind, RequiredClaims};

use crate::decision::PolicyDenied;
use crate::requirement::Requirement;

/// A rule: it allows requests that meet all of its requirements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// `None`: anyone, with or without a token.
    pub(crate) callers: Option<CallerKind>,
    pub(crate) methods: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) all_roles: Vec<String>,
    pub(crate) actors: Vec<String>,
    pub(crate) claims: RequiredClaims,
}

impl Rule {
    /// The denial of a request that `missed` this requirement.
    pub(crate) fn denial(&self, missed: Requirement) -> PolicyDenied {
        let needed = missed.needed(self).unwrap_or_default();
        let detail = match (missed, self.callers) {
            (Requirement::Methods, _) => format!("this route is for other methods: {needed}"),
            (Requirement::Callers, Some(CallerKind::Application)) => {
                "this route is for applications; a user's token does not open it".to_owned()
            }
            (Requirement::Callers, _) => {
                "this route is for users; an application's own token does not open it".to_owned()
            }
            // A denial does not reveal the allowed applications, or the allowed values of claims.
            (Requirement::Actors, _) => {
                "the client application that obtained the token may not call this route".to_owned()
            }
            (Requirement::Scopes, _) => {
                format!("the token lacks a scope that this route needs: {needed}")
            }
            (Requirement::Roles, _) => {
                format!("the caller lacks a role that this route needs: {needed}")
            }
            (Requirement::AllRoles, _) => {
                format!("the caller lacks one of the roles that this route needs: {needed}")
            }
            (Requirement::Claims, _) => {
                let names: Vec<&str> = self.claims.iter().map(|(name, _)| name).collect();
                format!(
                    "the token lacks a claim that this route needs, or has another value of it: {}",
                    names.join(", ")
                )
            }
        };
        let scopes = if missed == Requirement::Scopes {
            self.scopes.clone()
        } else {
            Vec::new()
        };
        PolicyDenied {
            reason: missed.reason(),
            detail,
            scopes,
        }
    }
}
