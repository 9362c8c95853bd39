//! Problems: error bodies for clients in `application/problem+json` (RFC 9457).
//!
//! The authz server and every service send the same members.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use portcullis_reason_codes::{INTERNAL_ERROR, ReasonCode};
use serde::Serialize;

/// The media type of RFC 9457 §3.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An error response to a client.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Boxed, because a problem is the error type of every handler and extractor.
    members: Box<Members>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// Why a request failed: members of RFC 9457 §3.1, and the extensions `reason`, `field` and
/// `request_id`.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
struct Members {
    /// The page and the anchor that explain the reason code: a URL path, which stays the same.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The HTTP status.
    status: u16,
    /// The status in words, the same for every problem of this status.
    title: &'static str,
    /// What happened and what to do about it, for a person.
    detail: String,
    /// The reason code, for programs.
    reason: &'static str,
    /// The invalid field of the body, parameter of the query, or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The id of this request in the logs of the gateway and the service.
    request_id: Option<String>,
}

impl Problem {
    /// A problem with `status`, a reason code and a sentence for a person.
    pub fn new(status: StatusCode, reason: ReasonCode, detail: impl Into<String>) -> Self {
        let members = Members {
            kind: reason.problem_type(),
            status: status.as_u16(),
            title: status.canonical_reason().unwrap_or("Error"),
            detail: detail.into(),
            reason: reason.as_str(),
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

    /// The reason code, such as `token_expired`.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.members.reason
    }

    /// What happened and what to do about it, for a person.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.members.detail
    }

    /// The invalid field of the body, parameter of the query, or header.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.members.field.as_deref()
    }

    /// Names the invalid field of the body, parameter of the query, or header.
    #[must_use]
    pub fn with_field(mut self, name: &str) -> Self {
        self.members.field = Some(name.to_owned());
        self
    }

    /// A 500 for a fault of this service.
    ///
    /// The cause goes to the log; the client learns only that it may try again.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(cause = %cause, "the request failed because of a fault of this service");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            INTERNAL_ERROR,
            "the service failed; try again later",
        )
    }

    /// Adds the id of this request in the logs of the authz server and the service.
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
        // `request_log` knows the request's id and adds it to the body.
        response.extensions_mut().insert(self);
        response
    }
}

/// The schema of a problem is the schema of its body.
impl utoipa::PartialSchema for Problem {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        Members::schema()
    }
}

impl utoipa::ToSchema for Problem {}
