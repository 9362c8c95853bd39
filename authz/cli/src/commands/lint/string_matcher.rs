//! Evaluates Envoy's `StringMatcher`.

use regex::Regex;

use super::node::Node;

/// A parsed `StringMatcher`.
#[derive(Clone, Debug)]
pub(super) enum StringMatcher {
    /// A regular expression. Envoy uses RE2, matches the whole string, and does not apply
    /// `ignore_case`.
    Expression(Regex),
    /// A string and its comparison. The string is in lower case if `ignore_case` is set.
    Literal {
        compare: Compare,
        text: String,
        ignore_case: bool,
    },
}

/// Whether the first string matches the second, the pattern.
type Compare = fn(&str, &str) -> bool;

impl StringMatcher {
    /// Parses a matcher. `None`, for another kind of matcher or an invalid expression, matches
    /// nothing.
    pub(super) fn read(matcher: Node<'_>) -> Option<Self> {
        if let Some(expression) = matcher.get("safe_regex").get("regex").text() {
            return Regex::new(&format!("^(?:{expression})$"))
                .ok()
                .map(Self::Expression);
        }
        let ignore_case = matcher.get("ignore_case").is_true();
        let kinds: [(&str, Compare); 4] = [
            ("exact", |text, pattern| text == pattern),
            ("prefix", |text, pattern| text.starts_with(pattern)),
            ("suffix", |text, pattern| text.ends_with(pattern)),
            ("contains", |text, pattern| text.contains(pattern)),
        ];
        kinds.into_iter().find_map(|(kind, compare)| {
            let text = matcher.get(kind).text()?;
            let text = if ignore_case {
                text.to_ascii_lowercase()
            } else {
                text.to_owned()
            };
            Some(Self::Literal {
                compare,
                text,
                ignore_case,
            })
        })
    }

    /// Whether the matcher matches `text`.
    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Expression(expression) => expression.is_match(text),
            Self::Literal {
                compare,
                text: pattern,
                ignore_case: true,
            } => compare(&text.to_ascii_lowercase(), pattern),
            Self::Literal {
                compare,
                text: pattern,
                ignore_case: false,
            } => compare(text, pattern),
        }
    }
}

/// Whether `matcher` matches `text`. Another kind of matcher, or an invalid expression, matches
/// nothing.
pub(super) fn matches(matcher: Node<'_>, text: &str) -> bool {
    StringMatcher::read(matcher).is_some_and(|matcher| matcher.matches(text))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::node::Node;
    use super::matches;

    #[test]
    fn matcher_matches_as_in_envoy() {
        /// A header's name, with matchers that match it and matchers that do not.
        struct Case {
            text: &'static str,
            matching: Vec<Value>,
            others: Vec<Value>,
        }

        for Case {
            text,
            matching,
            others,
        } in [
            Case {
                text: "authorization",
                matching: vec![
                    json!({"exact": "authorization"}),
                    json!({"exact": "Authorization", "ignore_case": true}),
                ],
                others: vec![json!({"exact": "Authorization"})],
            },
            Case {
                text: "x-user-oid",
                matching: vec![
                    json!({"prefix": "x-user-"}),
                    json!({"prefix": "X-User-", "ignoreCase": true}),
                    json!({"suffix": "-oid"}),
                    json!({"contains": "user"}),
                    json!({"safe_regex": {"regex": "x-(user|tenant)-.*"}}),
                ],
                others: vec![
                    json!({"prefix": "X-User-"}),
                    json!({"suffix": "x-user"}),
                    json!({"contains": "tenant"}),
                    json!({"safe_regex": {"regex": "user"}}),
                    json!({}),
                ],
            },
            Case {
                text: "(",
                matching: vec![],
                others: vec![json!({"safe_regex": {"regex": "("}})],
            },
        ] {
            for matcher in matching {
                assert!(matches(Node::new(&matcher), text), "{matcher} {text}");
            }
            for matcher in others {
                assert!(!matches(Node::new(&matcher), text), "{matcher} {text}");
            }
        }
    }
}
