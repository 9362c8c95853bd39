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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// No condition, or `*`, which only requires that the task exists.
    Any,
    /// One of these entity tags.
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

    fn parse<'a>(lines: impl Iterator<Item = &'a HeaderValue>) -> Option<Self> {
        let mut tags = Vec::new();
        for line in lines {
            // The service's tags contain no comma, so a split at commas breaks only foreign tags,
            // which never match.
            for tag in line.to_str().ok()?.split(',').map(str::trim) {
                match tag {
                    "*" => return Some(Self::Any),
                    "" => {}
                    tag => tags.push(tag.to_owned()),
                }
            }
        }
        Some(if tags.is_empty() {
            Self::Any
        } else {
            Self::OneOf(tags)
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

    #[test]
    fn if_match_reads_the_tags_of_all_lines() {
        let parse = |lines: &[&'static str]| {
            let lines: Vec<_> = lines
                .iter()
                .map(|line| HeaderValue::from_static(line))
                .collect();
            IfMatch::parse(lines.iter()).unwrap()
        };
        let one_of =
            |tags: &[&str]| IfMatch::OneOf(tags.iter().map(|tag| (*tag).to_owned()).collect());
        assert_eq!(parse(&[]), IfMatch::Any);
        assert_eq!(parse(&["*"]), IfMatch::Any);
        assert_eq!(
            parse(&["\"1\", \"2\"", "W/\"3\""]),
            one_of(&["\"1\"", "\"2\"", "W/\"3\""])
        );
    }
}
