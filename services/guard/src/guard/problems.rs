//! The problem that a client receives for each denial.

use http::{HeaderValue, StatusCode, header};
use portcullis_reason_codes::{
    ASSERTION_NOT_GENUINE, ASSERTION_REPLAYED, GATEWAY_KEYS_UNAVAILABLE, ReasonCode,
    TOO_MANY_REQUESTS_TO_REMEMBER,
};
use portcullis_runtime::Problem;
use portcullis_token::TokenDenied;

use crate::assertions::Denied;

pub(super) fn token_problem(denied: &TokenDenied) -> Problem {
    if denied.is_fault() {
        return Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            denied.reason.reason_code(),
            denied.detail.clone(),
        );
    }
    unauthorized(
        denied.reason.reason_code(),
        &denied.detail,
        &denied.challenge(),
    )
}

pub(super) fn assertion_problem(denied: &Denied) -> Problem {
    let (reason, detail) = match denied {
        Denied::NotOne => (
            ASSERTION_NOT_GENUINE,
            "the request does not have exactly one assertion".to_owned(),
        ),
        Denied::Invalid(denied) => (denied.reason_code(), denied.to_string()),
        Denied::Replayed => (
            ASSERTION_REPLAYED,
            "the assertion was used before; send the request again".to_owned(),
        ),
        Denied::TooMany => {
            let detail =
                "there are more requests than this service can tell apart; try again in a minute";
            return Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                TOO_MANY_REQUESTS_TO_REMEMBER,
                detail,
            );
        }
        Denied::KeysUnavailable => {
            let detail = "the authz server's keys are unavailable, so its assertions cannot be \
                          verified; try again in a moment";
            return Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                GATEWAY_KEYS_UNAVAILABLE,
                detail,
            );
        }
    };
    unauthorized(reason, &detail, "Bearer")
}

fn unauthorized(reason: ReasonCode, detail: &str, challenge: &str) -> Problem {
    tracing::info!(reason = reason.as_str(), "request denied");
    let problem = Problem::new(StatusCode::UNAUTHORIZED, reason, detail);
    match HeaderValue::from_str(challenge) {
        Ok(challenge) => problem.with_header(header::WWW_AUTHENTICATE, challenge),
        Err(error) => Problem::internal(&error),
    }
}
