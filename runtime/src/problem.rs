//! Errors to clients: `application/problem+json` (RFC 9457), one shape from the gate and from every
//! service.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

/// The media type of RFC 9457 §3.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A problem that a client can act on.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Boxed, since it is the error of every handler and extractor.
    members: Box<Members>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// Why a request was refused: the members of RFC 9457 §3.1, and three of ours.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
struct Members {
    /// The HTTP status.
    status: u16,
    /// The status in words, the same for every problem of this status.
    title: &'static str,
    /// What happened and what to do about it, for a person.
    detail: String,
    /// A stable code, for programs.
    reason: String,
    /// The field of the body, parameter of the query or header that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The id that the logs of gateway and service carry for this request.
    request_id: Option<String>,
}

impl Problem {
    /// A problem with `status`, a stable `reason` code and a sentence for a person.
    pub fn new(status: StatusCode, reason: &str, detail: impl Into<String>) -> Self {
        let members = Members {
            status: status.as_u16(),
            title: status.canonical_reason().unwrap_or("Error"),
            detail: detail.into(),
            reason: reason.to_owned(),
            field: None,
            request_id: None,
        };
        Self {
            members: Box::new(members),
            headers: Vec::new(),
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.members.status
    }

    /// The stable code for programs, such as `token_expired`.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.members.reason
    }

    /// What happened and what to do about it, for a person.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.members.detail
    }

    /// The field of the body, parameter of the query or header that is wrong.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.members.field.as_deref()
    }

    /// Says which field of the body, parameter of the query or header is wrong.
    #[must_use]
    pub fn with_field(mut self, name: &str) -> Self {
        self.members.field = Some(name.to_owned());
        self
    }

    /// An answer to a fault of ours: the cause goes to the log, the client learns only that it may
    /// try again.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(cause = %cause, "request failed by a fault of this service");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "the service failed; try again later",
        )
    }

    /// Adds the id that the gate's and the service's logs carry for this request.
    #[must_use]
    pub fn with_request_id(mut self, id: &str) -> Self {
        self.members.request_id = Some(id.to_owned());
        self
    }

    /// Adds a response header, such as the challenge of a 401.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The body, as the bytes to send.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Five strings and a number always serialize.
        serde_json::to_string(&self.members).unwrap_or_default()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.members.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (
            status,
            [(header::CONTENT_TYPE, PROBLEM_JSON)],
            self.to_json(),
        )
            .into_response();
        response.headers_mut().extend(self.headers.iter().cloned());
        // The request's log line is written where its id is known; that is where the body gets the
        // id (see `request_log`).
        response.extensions_mut().insert(self);
        response
    }
}

/// The schema of problems is that of their body.
impl utoipa::PartialSchema for Problem {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        Members::schema()
    }
}

impl utoipa::ToSchema for Problem {}
