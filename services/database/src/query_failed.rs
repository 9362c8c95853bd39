use http::{HeaderValue, StatusCode, header};
use portcullis_reason_codes::DATABASE_UNAVAILABLE;
use portcullis_runtime::Problem;

/// The problem for a failed query: a fault of this service, independent of the request.
///
/// It is a 503 if the database does not answer, and a 500 otherwise.
#[must_use]
pub fn query_failed(error: sqlx::Error) -> Problem {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
            tracing::error!(cause = %error, "the database does not answer");
            let detail = "the database does not answer; try again in a moment";
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                DATABASE_UNAVAILABLE,
                detail,
            )
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
        }
        error => Problem::internal(&error),
    }
}
