//! Writes an explanation as text.

use std::fmt::Write;

use portcullis_policy::{
    AcceptedTokens, AccessRequest, Explained, PolicyDenied, Requirement, RoutePolicy,
};
use portcullis_token::{Audiences, Caller, TokenDenied};

/// Stands for a value that a decision record does not have.
pub(super) const NOT_RECORDED: &str = "(not in the record)";

/// Builds the text of an explanation. Writing to a string cannot fail, so the results of `write!`
/// are ignored.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn line(&mut self, head: &str, text: &str) {
        let _ok = writeln!(self.0, "{head:<9} {text}");
    }

    pub(super) fn policy(&mut self, policy: &RoutePolicy) {
        let tokens = match &policy.tokens {
            None => "accepts no tokens".to_owned(),
            Some(AcceptedTokens {
                issuer,
                audiences: Audiences::Application(id),
            }) => {
                format!("tokens of {issuer} for application {id}")
            }
            Some(AcceptedTokens {
                issuer,
                audiences: Audiences::Exactly(names),
            }) => {
                format!("tokens of {issuer} for {}", names.join(" or "))
            }
        };
        self.line("policy", &format!("{}: {tokens}", policy.name));
    }

    /// Writes kind, object id, tenant and client. Name and e-mail address decide nothing and are
    /// personal data, so they are left out.
    pub(super) fn caller(&mut self, caller: &Caller) {
        let Caller {
            tenant,
            object_id,
            kind,
            actor,
            ..
        } = caller;
        let client = actor
            .as_deref()
            .map_or_else(String::new, |actor| format!(" through client {actor}"));
        self.line(
            "caller",
            &format!("{} {object_id} of tenant {tenant}{client}", kind.as_str()),
        );
    }

    pub(super) fn rules(
        &mut self,
        policy: &RoutePolicy,
        request: &AccessRequest<'_>,
        claims_are_known: bool,
    ) {
        for (index, rule) in policy.explain(request).into_iter().enumerate() {
            let unknown =
                |item: &Explained| item.requirement == Requirement::Claims && !claims_are_known;
            let decision = if rule.iter().any(|item| !item.met && !unknown(item)) {
                "does not allow it"
            } else if rule.iter().any(unknown) {
                "allows it, if the claims do"
            } else {
                "allows it"
            };
            self.line(&format!("rule {index}"), decision);
            for item in &rule {
                let had = if unknown(item) {
                    NOT_RECORDED
                } else {
                    item.had.as_str()
                };
                let mark = if unknown(item) {
                    "?"
                } else if item.met {
                    "ok"
                } else {
                    "NO"
                };
                let _ok = writeln!(
                    self.0,
                    "  {mark:<2} {:<9} needs {}; has {had}",
                    item.requirement.field(),
                    item.needed
                );
            }
        }
    }

    pub(super) fn allowed(&mut self, rule: usize) {
        self.line("decision", &format!("allow, by rule {rule}"));
    }

    pub(super) fn denied(&mut self, PolicyDenied { reason, detail, .. }: &PolicyDenied) {
        self.line("decision", &format!("deny {}: {detail}", reason.code()));
    }

    pub(super) fn token_denied(&mut self, denied: &TokenDenied) {
        self.line("decision", &format!("deny {denied}"));
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}
