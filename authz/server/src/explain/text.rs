//! The explanation as people read it.

use std::fmt::Write;

use portcullis_policy::{AcceptedTokens, Asked, Denial, Explained, Requirement, RoutePolicy};
use portcullis_token::{Audiences, Caller, Refusal};

/// What a decision record does not hold.
pub(super) const NOT_RECORDED: &str = "(not in the record)";

/// An explanation in the making. Writing to a text cannot fail, so what `write!` returns is not
/// looked at.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn line(&mut self, head: &str, text: &str) {
        let _ok = writeln!(self.0, "{head:<9} {text}");
    }

    pub(super) fn policy(&mut self, policy: &RoutePolicy) {
        let tokens = match &policy.tokens {
            None => "looks at no token".to_owned(),
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

    /// Ids, roles and scopes. Name and e-mail address decide nothing, and are nobody's business
    /// here.
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
        asked: &Asked<'_>,
        claims_are_known: bool,
    ) {
        for (index, rule) in policy.explain(asked).into_iter().enumerate() {
            let unknown =
                |item: &Explained| item.requirement == Requirement::Claims && !claims_are_known;
            let verdict = if rule.iter().any(|item| !item.met && !unknown(item)) {
                "does not allow it"
            } else if rule.iter().any(unknown) {
                "allows it, if the claims do"
            } else {
                "allows it"
            };
            self.line(&format!("rule {index}"), verdict);
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
        self.line("verdict", &format!("allow, by rule {rule}"));
    }

    pub(super) fn denied(&mut self, Denial { reason, detail, .. }: &Denial) {
        self.line("verdict", &format!("deny {}: {detail}", reason.code()));
    }

    pub(super) fn refused(&mut self, refusal: &Refusal) {
        self.line("verdict", &format!("deny {refusal}"));
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}
