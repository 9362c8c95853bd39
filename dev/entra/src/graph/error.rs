use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

use super::reply::RequestIds;

/// An error in the form of Microsoft Graph ("Microsoft Graph error responses and resource types").
#[derive(Debug)]
pub(super) struct GraphError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl GraphError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// The token is missing, or is not a valid one for Microsoft Graph.
    pub(super) fn token(message: &str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "InvalidAuthenticationToken",
            message,
        )
    }

    /// The token lacks the permission.
    pub(super) fn denied() -> Self {
        let message = "Insufficient privileges to complete the operation.";
        Self::new(
            StatusCode::FORBIDDEN,
            "Authorization_RequestDenied",
            message,
        )
    }

    /// The request as such is malformed, or uses what dev-entra does not have.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// The directory does not accept the values.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Request_BadRequest", message)
    }

    /// A filter that the resource type does not support.
    pub(super) fn unsupported_query(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Request_UnsupportedQuery", message)
    }

    /// An enabled scope or role would be removed or renamed.
    pub(super) fn enabled_permission() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "CannotDeleteOrUpdateEnabledEntitlement",
            "Permission (scope or role) cannot be deleted or updated unless disabled first.",
        )
    }

    pub(super) fn not_found(id: &str) -> Self {
        let message = format!(
            "Resource '{id}' does not exist or one of its queried reference-property objects are \
             not present."
        );
        Self::new(StatusCode::NOT_FOUND, "Request_ResourceNotFound", message)
    }

    /// Another object has the value already.
    pub(super) fn conflict(message: impl Into<String>) -> Self {
        let code = "Request_MultipleObjectsWithSameKeyValue";
        Self::new(StatusCode::CONFLICT, code, message)
    }

    pub(super) fn method_not_allowed() -> Self {
        let message = "Specified HTTP method is not allowed for the request target.";
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "Request_BadRequest",
            message,
        )
    }

    pub(super) fn unavailable() -> Self {
        let message = "The system has no random bytes.";
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "serviceNotAvailable",
            message,
        )
    }

    pub(super) fn into_response(self, ids: &RequestIds) -> Response {
        let body = Json(json!({"error": {
            "code": self.code,
            "message": self.message,
            "innerError": {
                "date": crate::clock::timestamp().strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                "request-id": ids.request,
                "client-request-id": ids.client,
            },
        }}));
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"\"")];
            return (self.status, challenge, body).into_response();
        }
        (self.status, body).into_response()
    }
}
