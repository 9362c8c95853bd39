//! Error responses in Entra's form: an OAuth error, an AADSTS number, and ids to find the log
//! entry.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

/// Why a request is denied. `Display` is the text between the number and the trace id.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OAuthError {
    #[error("Tenant '{0}' not found. Use the GUID of a tenant in the directory file.")]
    UnknownTenant(String),
    #[error(
        "The grant type is not supported over the /common or /consumers endpoints. Please use the \
         /organizations or tenant-specific endpoint."
    )]
    NotOnCommon,
    #[error(
        "The grant type is not supported over the /organizations endpoint. Please use the \
         tenant-specific endpoint."
    )]
    NotOnOrganizations,
    #[error("Invalid request. Request is malformed or invalid: {0}.")]
    Malformed(&'static str),
    #[error("The request body must contain the following parameter: '{0}'.")]
    MissingParameter(&'static str),
    #[error("The app requested an unsupported grant type '{0}'.")]
    UnsupportedGrant(String),
    #[error(
        "Application with identifier '{client}' was not found in the directory '{tenant}'. It may \
         not be installed there, or the request was sent to the wrong tenant."
    )]
    UnknownClient { client: String, tenant: String },
    #[error(
        "Invalid client secret provided. Ensure the secret being sent in the request is the client \
         secret value, for a secret of app '{0}'."
    )]
    WrongSecret(Uuid),
    #[error(
        "The request body must contain the following parameter: 'client_assertion' or \
         'client_secret'."
    )]
    MissingSecret,
    #[error(
        "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."
    )]
    PublicClientWithSecret,
    #[error("JWT token is invalid or malformed: {0}.")]
    ClientAssertionMalformed(&'static str),
    #[error(
        "The certificate with identifier used to sign the client assertion is not registered on \
         application. [Reason - The key was not found., Thumbprint of key used by client: \
         '{thumbprint}']"
    )]
    ClientAssertionKey { thumbprint: String },
    #[error("Client assertion failed signature validation. [Reason - {0}]")]
    ClientAssertionSignature(&'static str),
    #[error(
        "Client assertion is not within its valid time range, or lives longer than ten minutes."
    )]
    ClientAssertionTime,
    #[error("Client assertion audience claim does not match Realm issuer. It must be '{0}'.")]
    ClientAssertionAudience(String),
    #[error(
        "Client assertion application identifier doesn't match 'client_id' parameter: iss and sub \
         must both be it."
    )]
    ClientAssertionSubject,
    #[error(
        "No matching federated identity record found for presented assertion. Assertion Issuer: \
         '{issuer}'. Assertion Subject: '{subject}'. Assertion Audience: '{audience}'."
    )]
    NoFederatedCredential {
        issuer: String,
        subject: String,
        audience: String,
    },
    #[error("No matching federated identity record found for presented assertion issuer '{0}'.")]
    FederatedIssuer(String),
    #[error("No matching federated identity record found for presented assertion audience '{0}'.")]
    FederatedAudience(String),
    #[error("No matching federated identity record found for presented assertion subject '{0}'.")]
    FederatedSubject(String),
    #[error(
        "No matching federated identity record found for presented assertion subject '{0}'. Please \
         note that the matching is done using a case-sensitive comparison."
    )]
    FederatedSubjectCase(String),
    #[error("Request to External OIDC endpoint failed.")]
    IssuerKeysUnavailable,
    #[error(
        "Due to a configuration change made by your administrator, or because you moved to a new \
         location, you must use multi-factor authentication to access '{resource}'."
    )]
    InteractionRequired { resource: Uuid, context: String },
    #[error("The provided value for the input parameter 'scope' is not valid: {0}.")]
    InvalidScope(String),
    #[error(
        "The provided value for the input parameter 'scope' is not valid because it contains more \
         than one resource."
    )]
    SeveralResources,
    #[error(
        "The provided value for scope is not valid. Client credential flows must have a scope \
         value with /.default suffixed to the resource identifier (application ID URI)."
    )]
    NotDefaultScope,
    #[error(
        "The resource principal named '{resource}' was not found in the tenant named '{tenant}'. \
         It may not be installed there, or the request was sent to the wrong tenant."
    )]
    UnknownResource { resource: String, tenant: String },
    #[error(
        "The user or administrator has not consented to use the application with ID '{client}' on \
         '{resource}'. Add a grant to the directory file."
    )]
    NoConsent { client: Uuid, resource: String },
    #[error("Error validating credentials due to invalid username or password.")]
    InvalidCredentials,
    #[error(
        "The user account does not exist in the '{0}' directory. To sign into this application, \
         the account must be added to the directory."
    )]
    UserNotInTenant(String),
    #[error("Assertion failed validation: {0}.")]
    InvalidAssertion(&'static str),
    #[error(
        "Assertion is not within its valid time range. Ensure that the access token is not expired \
         before using it for user assertion."
    )]
    ExpiredAssertion,
    #[error(
        "Assertion audience does not match the Client app presenting the assertion. The audience \
         in the assertion was '{audience}' and the expected audience is '{client}' or one of the \
         Application Uris of this application."
    )]
    AssertionForAnother { audience: String, client: Uuid },
    #[error("The assertion is an id_token; only access tokens are accepted.")]
    AssertionIsIdToken,
    #[error(
        "Application '{0}' is not allowed to make application on-behalf-of calls: the assertion is \
         not a user's."
    )]
    AssertionIsAppOnly(Uuid),
    #[error("A transient error has occurred. Please try again.")]
    Unavailable,
}

impl OAuthError {
    /// The error for a fault of this program. Its cause goes to the log only.
    pub(crate) fn unavailable(cause: &anyhow::Error) -> Self {
        tracing::error!(
            cause = format!("{cause:#}"),
            "request failed because of a fault of dev-entra"
        );
        Self::Unavailable
    }

    /// The AADSTS number and its error of RFC 6749 §5.2.
    fn code(&self) -> (u32, &'static str) {
        match self {
            Self::UnknownTenant(_) => (90002, "invalid_request"),
            Self::NotOnCommon | Self::NotOnOrganizations => (9_001_023, "invalid_request"),
            Self::Malformed(_) => (9_002_313, "invalid_request"),
            Self::MissingParameter(_) => (900_144, "invalid_request"),
            Self::UnsupportedGrant(_) => (70003, "unsupported_grant_type"),
            Self::UnknownClient { .. } => (700_016, "unauthorized_client"),
            Self::WrongSecret(_) => (7_000_215, "invalid_client"),
            Self::MissingSecret => (7_000_218, "invalid_client"),
            Self::PublicClientWithSecret => (700_025, "invalid_client"),
            Self::ClientAssertionMalformed(_) => (50027, "invalid_request"),
            Self::ClientAssertionKey { .. } | Self::ClientAssertionSignature(_) => {
                (700_027, "invalid_client")
            }
            Self::ClientAssertionTime => (700_024, "invalid_client"),
            Self::ClientAssertionAudience(_) => (700_023, "invalid_client"),
            Self::ClientAssertionSubject => (700_021, "invalid_client"),
            Self::NoFederatedCredential { .. } => (70021, "invalid_request"),
            Self::FederatedIssuer(_) => (700_211, "invalid_client"),
            Self::FederatedAudience(_) => (700_212, "invalid_client"),
            Self::FederatedSubject(_) => (700_213, "invalid_client"),
            Self::FederatedSubjectCase(_) => (7_002_138, "invalid_client"),
            Self::IssuerKeysUnavailable => (50166, "invalid_request"),
            Self::InteractionRequired { .. } => (50076, "interaction_required"),
            Self::InvalidScope(_) => (70011, "invalid_scope"),
            Self::SeveralResources => (700_022, "invalid_scope"),
            Self::NotDefaultScope => (1_002_012, "invalid_scope"),
            Self::UnknownResource { .. } => (500_011, "invalid_resource"),
            Self::NoConsent { .. } => (65001, "invalid_grant"),
            Self::InvalidCredentials => (50126, "invalid_grant"),
            Self::UserNotInTenant(_) => (50034, "invalid_grant"),
            Self::InvalidAssertion(_) => (50013, "invalid_grant"),
            Self::ExpiredAssertion => (500_133, "invalid_grant"),
            Self::AssertionForAnother { .. } => (500_131, "invalid_grant"),
            Self::AssertionIsIdToken => (240_002, "invalid_grant"),
            Self::AssertionIsAppOnly(_) => (7_000_114, "invalid_grant"),
            Self::Unavailable => (90033, "temporarily_unavailable"),
        }
    }

    /// The suberror, at which MSAL lets the user sign in again.
    fn suberror(&self) -> Option<&'static str> {
        match self {
            Self::NoConsent { .. } => Some("consent_required"),
            Self::InteractionRequired { .. } => Some("basic_action"),
            _ => None,
        }
    }

    /// The `claims` parameter that the client must send with its next request (OpenID Connect Core
    /// §5.5).
    fn claims(&self) -> Option<String> {
        match self {
            Self::InteractionRequired { context, .. } => Some(
                json!({"access_token": {"acrs": {"essential": true, "value": context}}})
                    .to_string(),
            ),
            _ => None,
        }
    }

    fn status(&self) -> StatusCode {
        match self.code().1 {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

#[derive(Serialize)]
struct Body {
    error: &'static str,
    error_description: String,
    error_codes: [u32; 1],
    timestamp: String,
    trace_id: Uuid,
    correlation_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    suberror: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<String>,
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let (code, error) = self.code();
        let trace_id = Uuid::new_v4();
        let correlation_id = Uuid::new_v4();
        let timestamp = jiff::Timestamp::now()
            .strftime("%Y-%m-%d %H:%M:%SZ")
            .to_string();
        // The description repeats what the client sent, so it stays out of the log.
        tracing::info!(code, error, %trace_id, "denied");
        let body = Body {
            error,
            error_description: format!(
                "AADSTS{code}: {self} Trace ID: {trace_id} Correlation ID: {correlation_id} \
                 Timestamp: {timestamp}"
            ),
            error_codes: [code],
            timestamp,
            trace_id,
            correlation_id,
            suberror: self.suberror(),
            claims: self.claims(),
        };
        // RFC 6749 §5.1 requires it for tokens. A cached error would mislead as well.
        (
            self.status(),
            [(header::CACHE_CONTROL, "no-store")],
            Json(body),
        )
            .into_response()
    }
}
