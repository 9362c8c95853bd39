use serde_json::{Map, Value};

use crate::caller::CallerKind;
use crate::claims::{Claims, FOR_READING_ONLY};

/// A setting: how a provider's tokens tell users from applications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindRule {
    /// A name with dots is a path.
    claim: Option<String>,
    users: Vec<Value>,
    applications: Vec<Value>,
    default: Option<CallerKind>,
}

/// An error in a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct InvalidKindRule {
    /// The field to change.
    pub field: &'static str,
    /// The error, and the valid values.
    pub problem: &'static str,
}

/// The result of a rule for one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The claim has a value of this kind.
    Kind(CallerKind),
    /// The token lacks the claim, so the default of the rule applies.
    Absent(Option<CallerKind>),
    /// The claim has a value that is not listed, or several that contradict each other.
    Unlisted,
}

impl KindRule {
    /// Checks a rule and reports every error at once.
    ///
    /// A value of `claim` that is in `users` or `applications` decides the kind. `default` is the
    /// kind of tokens without the claim.
    pub fn new(
        claim: Option<String>,
        users: Vec<Value>,
        applications: Vec<Value>,
        default: Option<CallerKind>,
    ) -> Result<Self, Vec<InvalidKindRule>> {
        let rule = Self {
            claim,
            users,
            applications,
            default,
        };
        let problems = rule.problems();
        if problems.is_empty() {
            Ok(rule)
        } else {
            Err(problems)
        }
    }

    fn problems(&self) -> Vec<InvalidKindRule> {
        let listed = || self.users.iter().chain(&self.applications);
        let simple = |value: &Value| value.is_string() || value.is_i64() || value.is_boolean();
        let checks = [
            (
                self.claim.is_none() && listed().next().is_some(),
                "claim",
                "is missing; name the claim that has the listed values",
            ),
            (
                self.claim.is_none() && listed().next().is_none() && self.default.is_none(),
                "claim",
                "is missing; name the claim that tells users from applications, or give default \
                 alone",
            ),
            (
                self.claim.as_deref() == Some(""),
                "claim",
                "is empty; name the claim that tells users from applications",
            ),
            (
                self.claim
                    .as_deref()
                    .is_some_and(|claim| FOR_READING_ONLY.contains(&claim)),
                "claim",
                "is for people to read: it changes and repeats, so no decision may use it",
            ),
            (
                self.claim.is_some() && listed().next().is_none(),
                "users",
                "lists no value, and neither does applications; list the values that the claim can \
                 have",
            ),
            (
                !listed().all(simple),
                "users",
                "has a value that is neither a string, a whole number, true nor false",
            ),
            (
                self.users
                    .iter()
                    .any(|value| self.applications.contains(value)),
                "applications",
                "has a value that users has too; list each value in one of them",
            ),
        ];
        let wrong = checks.into_iter().filter(|(wrong, ..)| *wrong);
        wrong
            .map(|(_, field, problem)| InvalidKindRule { field, problem })
            .collect()
    }

    pub(super) fn told(&self, claims: &Claims) -> Told {
        let Some(value) = self.claim.as_deref().and_then(|claim| claims.at(claim)) else {
            return Told::Absent(self.default);
        };
        let has = |listed: &[Value]| match value {
            Value::Array(items) => items.iter().any(|item| listed.contains(item)),
            value => listed.contains(value),
        };
        match (has(&self.users), has(&self.applications)) {
            (true, false) => Told::Kind(CallerKind::User),
            (false, true) => Told::Kind(CallerKind::Application),
            _ => Told::Unlisted,
        }
    }

    /// Makes sample `claims` a user's, or an application's if the rule allows no user.
    pub(in crate::issuers::oidc) fn fill_in(&self, claims: &mut Map<String, Value>) {
        let value = match self.default {
            Some(CallerKind::User) => None,
            _ => self.users.first().or(if self.default.is_none() {
                self.applications.first()
            } else {
                None
            }),
        };
        if let (Some(claim), Some(value)) = (&self.claim, value) {
            claims.insert(claim.clone(), value.clone());
        }
    }
}
