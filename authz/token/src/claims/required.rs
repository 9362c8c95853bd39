use std::collections::BTreeMap;

use serde_json::Value;

use super::claim_set::Claims;

/// Claims for display. They change, and two people can have the same value, so no decision may use
/// them (Microsoft's "Claims validation", §Don't use mutable claims; cf. oauth2-proxy
/// CVE-2026-40574).
pub(crate) const FOR_READING_ONLY: [&str; 8] = [
    "email",
    "family_name",
    "given_name",
    "name",
    "nickname",
    "preferred_username",
    "unique_name",
    "upn",
];

/// Claims that a token must have, each with its accepted values: strings, whole numbers, true or
/// false.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequiredClaims(BTreeMap<String, Vec<Value>>);

/// An error in a requirement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{claim}: {problem}")]
pub struct InvalidRequirement {
    /// The claim.
    pub claim: String,
    /// The error in the requirement.
    pub problem: &'static str,
}

impl RequiredClaims {
    /// Checks the requirements and reports every error at once.
    pub fn new(required: BTreeMap<String, Vec<Value>>) -> Result<Self, Vec<InvalidRequirement>> {
        let problem = |(claim, values): (&String, &Vec<Value>)| {
            let problem = if values.is_empty() {
                "has no value; list at least one"
            } else if FOR_READING_ONLY.contains(&claim.as_str()) {
                "is for people to read: it changes and repeats, so no decision may use it; use an \
                 id or a role"
            } else if !values
                .iter()
                .all(|value| value.is_string() || value.is_i64() || value.is_boolean())
            {
                "has a value that is neither a string, a whole number, true nor false"
            } else {
                return None;
            };
            Some(InvalidRequirement {
                claim: claim.clone(),
                problem,
            })
        };
        let problems: Vec<_> = required.iter().filter_map(problem).collect();
        if problems.is_empty() {
            Ok(Self(required))
        } else {
            Err(problems)
        }
    }

    /// Whether nothing is required.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each claim with its accepted values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Value])> {
        self.0
            .iter()
            .map(|(claim, values)| (claim.as_str(), values.as_slice()))
    }

    /// The first claim without an accepted value. A list is accepted if one of its items is.
    #[must_use]
    pub fn unmet(&self, claims: &Claims) -> Option<&str> {
        let meets = |(claim, accepted): &(&str, &[Value])| match claims.at(claim) {
            Some(Value::Array(items)) => items.iter().any(|item| accepted.contains(item)),
            Some(value) => accepted.contains(value),
            None => false,
        };
        self.iter()
            .find(|required| !meets(required))
            .map(|(claim, _)| claim)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::RequiredClaims;
    use crate::Claims;

    fn required(value: &Value) -> Result<RequiredClaims, String> {
        let required = serde_json::from_value(value.clone()).unwrap();
        RequiredClaims::new(required).map_err(|problems| problems[0].to_string())
    }

    #[test]
    fn required_claim_needs_an_accepted_value_of_the_same_type() {
        struct Case {
            name: &'static str,
            wanted: Value,
            unmet: Option<&'static str>,
        }

        let claims = json!({
            "acr": "2", "level": 2, "email_verified": true, "amr": ["pwd", "mfa"],
            "org": {"plan": "gold"},
        });
        let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
        for Case {
            name,
            wanted,
            unmet,
        } in [
            Case {
                name: "values of each type",
                wanted: json!({"acr": ["1", "2"], "level": [2], "email_verified": [true]}),
                unmet: None,
            },
            Case {
                name: "item of a list",
                wanted: json!({"amr": ["mfa"]}),
                unmet: None,
            },
            Case {
                name: "value at a path",
                wanted: json!({"org.plan": ["gold", "silver"]}),
                unmet: None,
            },
            Case {
                name: "other value",
                wanted: json!({"acr": ["1"]}),
                unmet: Some("acr"),
            },
            Case {
                name: "number for a string",
                wanted: json!({"acr": [2]}),
                unmet: Some("acr"),
            },
            Case {
                name: "string for a number",
                wanted: json!({"level": ["2"]}),
                unmet: Some("level"),
            },
            Case {
                name: "string for a boolean",
                wanted: json!({"email_verified": ["true"]}),
                unmet: Some("email_verified"),
            },
            Case {
                name: "part of an item",
                wanted: json!({"amr": ["mf"]}),
                unmet: Some("amr"),
            },
            Case {
                name: "path beyond a value",
                wanted: json!({"org.plan.x": ["gold"]}),
                unmet: Some("org.plan.x"),
            },
            Case {
                name: "second claim absent",
                wanted: json!({"acr": ["2"], "absent": ["x"]}),
                unmet: Some("absent"),
            },
        ] {
            assert_eq!(
                required(&wanted).unwrap().unmet(&claims),
                unmet,
                "{name}: {wanted}"
            );
        }
    }

    #[test]
    fn meaningless_requirement_is_an_error() {
        struct Case {
            name: &'static str,
            wanted: Value,
            problem: &'static str,
        }

        for Case {
            name,
            wanted,
            problem,
        } in [
            Case {
                name: "no value",
                wanted: json!({"acr": []}),
                problem: "acr: has no value",
            },
            Case {
                name: "claim for people to read",
                wanted: json!({"email": ["a@b.example"]}),
                problem: "email: is for people to read",
            },
            Case {
                name: "null as a value",
                wanted: json!({"acr": [null]}),
                problem: "acr: has a value that is neither",
            },
            Case {
                name: "fraction as a value",
                wanted: json!({"acr": [1.5]}),
                problem: "acr: has a value that is neither",
            },
        ] {
            let found = required(&wanted).unwrap_err();
            assert!(found.starts_with(problem), "{name}: {found}");
        }
    }
}
