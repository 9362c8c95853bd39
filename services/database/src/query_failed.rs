use http::{HeaderValue, StatusCode, header};
use portcullis_runtime::Problem;

/// A failed query is a fault of this service, whatever the client sent. When the database does not
/// answer it is a passing one.
#[must_use]
pub fn query_failed(error: sqlx::Error) -> Problem {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
            tracing::error!(cause = %error, "the database does not answer");
            let detail = "the database does not answer; try again in a moment";
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "database_unavailable",
                detail,
            )
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
        }
        error => Problem::internal(&error),
    }
}
