//! Errors in the forms of the two endpoints.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

/// Why a request for a token is denied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Denial {
    #[error("Required metadata header not specified")]
    MetadataHeader,
    #[error("The header X-IDENTITY-HEADER is missing, or is not identityHeader of the directory")]
    IdentityHeader,
    #[error("The query is malformed or repeats a parameter")]
    Malformed,
    #[error("Required query variable '{0}' is missing")]
    MissingParameter(&'static str),
    #[error("Bad api-version; send {0}")]
    ApiVersion(&'static str),
    #[error("Several parameters name an identity; send one")]
    SeveralNames,
    #[error("Identity not found. Add it to managedIdentities of the directory file.")]
    UnknownIdentity,
    #[error(
        "Multiple user assigned identities exist, please specify the clientId / resourceId of \
             the identity in the token request"
    )]
    SeveralIdentities,
    #[error(
        "AADSTS500011: The resource principal named {0} was not found in the tenant of the \
             identity."
    )]
    UnknownResource(String),
    #[error("Failed to retrieve token from the Active directory.")]
    Unavailable,
}

impl Denial {
    /// The error for a fault of this program. Its cause goes to the log only.
    pub(super) fn unavailable(cause: &anyhow::Error) -> Self {
        tracing::error!(
            cause = format!("{cause:#}"),
            "request failed because of a fault of dev-entra"
        );
        Self::Unavailable
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::IdentityHeader => StatusCode::UNAUTHORIZED,
            Self::Unavailable => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The error code of IMDS.
    fn error(&self) -> &'static str {
        match self {
            Self::MetadataHeader => "bad_request_102",
            Self::UnknownResource(_) => "invalid_resource",
            Self::Unavailable => "unknown",
            _ => "invalid_request",
        }
    }
}

/// The form of IMDS.
impl IntoResponse for Denial {
    fn into_response(self) -> Response {
        let body = json!({"error": self.error(), "error_description": self.to_string()});
        (self.status(), Json(body)).into_response()
    }
}

/// An error in the form of App Service.
#[derive(Debug)]
pub(crate) struct AppServiceDenied(Denial);

impl From<Denial> for AppServiceDenied {
    fn from(denial: Denial) -> Self {
        Self(denial)
    }
}

impl IntoResponse for AppServiceDenied {
    fn into_response(self) -> Response {
        let status = self.0.status();
        let body = json!({"statusCode": status.as_u16(), "message": self.0.to_string()});
        (status, Json(body)).into_response()
    }
}
