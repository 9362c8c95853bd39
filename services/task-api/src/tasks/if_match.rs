use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use portcullis_reason_codes::{IF_MATCH_UNREADABLE, TASK_CHANGED};
use portcullis_runtime::Problem;

use super::task::Task;

/// The condition of a change (RFC 9110 §13.1.1).
///
/// It is optional, and never required with a 428, because clients of the first version send none.
/// A change without it applies to any version.
///
/// The crate `headers` is not used. Its `IfMatch` panics in debug builds if a tag contains a blank,
/// and it needs a second version of the crate `sha1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// No condition, or `*`, which only requires that the task exists.
    Any,
    /// One of these entity tags. The comparison is strong, so a weak tag never matches.
    OneOf(Vec<String>),
}

impl IfMatch {
    /// Fails with 412 if the task has another version.
    pub(crate) fn check(&self, task: &Task) -> Result<(), Problem> {
        let current = task.etag();
        match self {
            Self::OneOf(tags) if !tags.iter().any(|tag| tag.as_bytes() == current.as_bytes()) => {
                let detail = "the task has changed since you read it; read it again";
                let problem = Problem::new(StatusCode::PRECONDITION_FAILED, TASK_CHANGED, detail);
                Err(problem.with_header(header::ETAG, current))
            }
            _ => Ok(()),
        }
    }

    /// Reads the lines as one list (RFC 9110 §5.3); `None` if a line is not a string.
    fn parse<'a>(lines: impl Iterator<Item = &'a HeaderValue>) -> Option<Self> {
        let lines = lines.map(HeaderValue::to_str);
        let lines: Vec<&str> = lines.collect::<Result<_, _>>().ok()?;
        Some(match lines[..] {
            [] | ["*"] => Self::Any,
            // The service's tags contain no comma, so a split at commas breaks only foreign tags,
            // which never match. An item that is not an entity tag never matches either, so an
            // empty list matches no version.
            _ => Self::OneOf(
                lines
                    .iter()
                    .flat_map(|line| line.split(','))
                    .map(|tag| tag.trim().to_owned())
                    .collect(),
            ),
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::parse(parts.headers.get_all(header::IF_MATCH).iter()).ok_or_else(|| {
            let detail = "If-Match is not a list of entity tags; write a tag such as \"3\"";
            Problem::new(StatusCode::BAD_REQUEST, IF_MATCH_UNREADABLE, detail)
        })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::IfMatch;

    struct Case {
        name: &'static str,
        lines: &'static [&'static str],
        condition: Option<IfMatch>,
    }

    fn one_of(tags: &[&str]) -> IfMatch {
        let tags = tags.iter().map(|tag| (*tag).to_owned());
        IfMatch::OneOf(tags.collect())
    }

    #[test]
    fn if_match_reads_the_tags_of_all_lines() {
        for Case {
            name,
            lines,
            condition,
        } in [
            Case {
                name: "no condition",
                lines: &[],
                condition: Some(IfMatch::Any),
            },
            Case {
                name: "any version",
                lines: &["*"],
                condition: Some(IfMatch::Any),
            },
            Case {
                name: "one tag",
                lines: &["\"1\""],
                condition: Some(one_of(&["\"1\""])),
            },
            Case {
                name: "tags of two lines, one of them weak",
                lines: &["\"1\", \"2\"", "W/\"3\""],
                condition: Some(one_of(&["\"1\"", "\"2\"", "W/\"3\""])),
            },
            Case {
                name: "tag with a blank",
                lines: &["\"a b\""],
                condition: Some(one_of(&["\"a b\""])),
            },
            Case {
                name: "tag with a comma",
                lines: &["\"a,b\""],
                condition: Some(one_of(&["\"a", "b\""])),
            },
            Case {
                name: "version without quotes",
                lines: &["1"],
                condition: Some(one_of(&["1"])),
            },
            Case {
                name: "empty list",
                lines: &[""],
                condition: Some(one_of(&[""])),
            },
            Case {
                name: "empty members",
                lines: &[",\"1\","],
                condition: Some(one_of(&["", "\"1\"", ""])),
            },
            Case {
                name: "`*` in a list",
                lines: &["\"1\", *"],
                condition: Some(one_of(&["\"1\"", "*"])),
            },
            Case {
                name: "`*` beside another line",
                lines: &["*", "\"1\""],
                condition: Some(one_of(&["*", "\"1\""])),
            },
            Case {
                name: "bytes beyond ASCII",
                lines: &["\"\u{e9}\""],
                condition: None,
            },
        ] {
            let lines: Vec<_> = lines
                .iter()
                .map(|line| HeaderValue::from_bytes(line.as_bytes()).unwrap())
                .collect();
            assert_eq!(IfMatch::parse(lines.iter()), condition, "{name}");
        }
    }
}
