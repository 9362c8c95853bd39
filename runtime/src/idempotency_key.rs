use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use http::{HeaderMap, HeaderName, StatusCode};
use portcullis_reason_codes::{
    IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_REUSED,
};

use crate::Problem;

/// The name of the `Idempotency-Key` header.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const MAX_LENGTH: usize = 128;

/// An idempotency key (draft-ietf-httpapi-idempotency-key-header).
///
/// The client chooses it, so that the service can tell a retried request from a second one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The problem for a key that was already used with another request.
    ///
    /// Repeating the other request's answer would silently lose this request.
    #[must_use]
    pub fn reused() -> Problem {
        let detail = "this Idempotency-Key was already used with another request; \
                      use a new key for each request";
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            IDEMPOTENCY_KEY_REUSED,
            detail,
        )
        .with_field("Idempotency-Key")
    }

    fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut lines = headers.get_all(IDEMPOTENCY_KEY).iter();
        let key = match (lines.next(), lines.next()) {
            (None, _) => return Ok(None),
            (Some(line), None) => line.to_str().ok(),
            (Some(_), Some(_)) => None,
        };
        match key {
            Some(key) if is_acceptable(key) => Ok(Some(Self(key.to_owned()))),
            _ => {
                let detail = format!(
                    "expected one Idempotency-Key of 1 to {MAX_LENGTH} visible ASCII characters"
                );
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Err(Problem::new(status, IDEMPOTENCY_KEY_INVALID, detail)
                    .with_field("Idempotency-Key"))
            }
        }
    }
}

fn is_acceptable(key: &str) -> bool {
    (1..=MAX_LENGTH).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Problem> {
        Self::of(&parts.headers)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)?.ok_or_else(|| {
            let detail = "this request needs an Idempotency-Key";
            Problem::new(StatusCode::BAD_REQUEST, IDEMPOTENCY_KEY_MISSING, detail)
                .with_field("Idempotency-Key")
        })
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::{IDEMPOTENCY_KEY, IdempotencyKey, MAX_LENGTH};

    fn of(lines: &[&[u8]]) -> Result<Option<String>, String> {
        let lines = lines
            .iter()
            .map(|line| (IDEMPOTENCY_KEY, HeaderValue::from_bytes(line).unwrap()));
        let found = IdempotencyKey::of(&lines.collect::<HeaderMap>());
        found
            .map(|key| key.map(|key| key.0))
            .map_err(|problem| problem.reason().to_owned())
    }

    #[test]
    fn idempotency_key_accepts_only_one_line_of_visible_ascii() {
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(
            of(&[b"8e03978e-40d5"]),
            Ok(Some("8e03978e-40d5".to_owned()))
        );
        let longest = "k".repeat(MAX_LENGTH);
        assert_eq!(of(&[longest.as_bytes()]), Ok(Some(longest.clone())));
        let too_long = format!("{longest}k");
        for lines in [
            &[&b"a"[..], b"b"][..],
            &[b""],
            &[b"a b"],
            &[b"\xc3\xa4"],
            &[too_long.as_bytes()],
        ] {
            assert_eq!(
                of(lines),
                Err("idempotency_key_invalid".to_owned()),
                "{lines:?}"
            );
        }
    }
}
