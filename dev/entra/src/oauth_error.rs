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
    #[error("Requested query string is too long: its parameters may have {0} bytes.")]
    TooLong(usize),
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
        "The provided client secret keys for app '{0}' are expired. Give the application another \
         secret in the directory file."
    )]
    ExpiredSecret(Uuid),
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
    #[error(
        "Invalid resource. The client has requested access to a resource which is not listed in \
         the requested permissions in the client's application registration. Client app ID: \
         {client}. Resource value from request: {resource}. Add the resource to requires in the \
         directory file."
    )]
    ResourceNotRequired { client: Uuid, resource: String },
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
    #[error(
        "The redirect URI '{0}' specified in the request does not match the redirect URIs \
         configured for the application. Add it to redirectUris in the directory file."
    )]
    RedirectUri(String),
    #[error("No reply address is registered for the application.")]
    NoRedirectUri,
    #[error(
        "The reply address in the request does not match the one that was used when the code was \
         requested."
    )]
    RedirectUriOfAnotherCode,
    #[error("The client does not exist or is not enabled for consumers.")]
    NotForConsumers,
    #[error(
        "Application '{0}' is not configured as a multi-tenant application. Usage of the /common \
         endpoint is not supported for such apps. Use a tenant-specific endpoint or configure the \
         application to be multi-tenant."
    )]
    SingleTenant(Uuid),
    #[error("response_type '{0}' is not enabled for the application.")]
    ResponseType(String),
    #[error("Unsupported 'prompt' value.")]
    UnknownPrompt,
    #[error(
        "Session information is not sufficient for single-sign-on. A silent sign-in request was \
         sent but no user is signed in."
    )]
    NoSession,
    #[error(
        "Either multiple user identities are available for the current request or selected account \
         is not supported for the scenario."
    )]
    SeveralSessions,
    #[error(
        "The signed-in user of tenant '{tenant}' cannot access the application '{client}' here. The \
         account needs to be added as an external user in the tenant first. Sign out and sign in \
         again with a different account."
    )]
    UserOfOtherTenant { client: Uuid, tenant: String },
    #[error(
        "Your administrator has configured the application '{0}' to block users unless they are \
         specifically granted ('assigned') access to the application. Give the user a role in the \
         directory file."
    )]
    NotAssigned(Uuid),
    #[error(
        "Admin consent is required for the permissions requested by '{client}' on '{resource}'. Add \
         a grant to the directory file."
    )]
    AdminConsent { client: Uuid, resource: String },
    #[error("User declined to consent to access the app.")]
    UserDeclined,
    #[error("The sign-in has expired or belongs to another browser. Go back to the application.")]
    UnknownSignIn,
    #[error("The provided grant is invalid or malformed: {0}.")]
    InvalidGrant(&'static str),
    #[error("The provided authorization code or refresh token has expired. Sign in again.")]
    ExpiredGrant,
    #[error("OAuth2 Authorization code was already redeemed, please retry with a new valid code.")]
    RedeemedCode,
    #[error(
        "The Code_Verifier does not match the code_challenge supplied in the authorization request."
    )]
    CodeVerifier,
    #[error(
        "Proof Key for Code Exchange is required for cross-origin authorization code redemption."
    )]
    CrossOriginWithoutChallenge,
    #[error(
        "Cross-origin token redemption is permitted only for the 'Single-Page Application' \
         client-type. Request origin: '{0}'."
    )]
    CrossOrigin(String),
    #[error(
        "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via \
         cross-origin requests."
    )]
    NotCrossOrigin,
    #[error(
        "The refresh token has expired due to the fixed lifetime of 24 hours of single-page \
         applications. Sign in again."
    )]
    ExpiredSpaRefreshToken,
    #[error("OAuth 2.0 device flow error. Authorization is pending. Continue polling.")]
    AuthorizationPending,
    #[error("The end user has declined the authorization.")]
    AuthorizationDeclined,
    #[error("The device_code is not recognized.")]
    UnknownDeviceCode,
    #[error("That code didn't work. Check the code and try again.")]
    UnknownUserCode,
    #[error("The device_code has expired.")]
    ExpiredDeviceCode,
    #[error("A transient error has occurred. Please try again.")]
    Unavailable,
}

/// An error as responses have it.
pub(crate) struct Described {
    code: u32,
    /// The error of the token endpoint (RFC 6749 §5.2).
    error: &'static str,
    /// The error of the authorization endpoint (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6).
    pub(crate) authorization_error: &'static str,
    pub(crate) description: String,
    pub(crate) suberror: Option<&'static str>,
    pub(crate) claims: Option<String>,
    timestamp: String,
    trace_id: Uuid,
    correlation_id: Uuid,
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
    #[expect(clippy::match_same_arms, reason = "a table: one row for each error")]
    fn code(&self) -> (u32, &'static str) {
        match self {
            Self::UnknownTenant(_) => (90002, "invalid_request"),
            Self::NotOnCommon | Self::NotOnOrganizations => (9_001_023, "invalid_request"),
            Self::Malformed(_) => (9_002_313, "invalid_request"),
            Self::TooLong(_) => (90015, "invalid_request"),
            Self::MissingParameter(_) => (900_144, "invalid_request"),
            Self::UnsupportedGrant(_) => (70003, "unsupported_grant_type"),
            Self::UnknownClient { .. } => (700_016, "unauthorized_client"),
            Self::WrongSecret(_) => (7_000_215, "invalid_client"),
            Self::ExpiredSecret(_) => (7_000_222, "invalid_client"),
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
            Self::ResourceNotRequired { .. } => (650_057, "invalid_resource"),
            Self::InvalidCredentials => (50126, "invalid_grant"),
            Self::UserNotInTenant(_) => (50034, "invalid_grant"),
            Self::InvalidAssertion(_) => (50013, "invalid_grant"),
            Self::ExpiredAssertion => (500_133, "invalid_grant"),
            Self::AssertionForAnother { .. } => (500_131, "invalid_grant"),
            Self::AssertionIsIdToken => (240_002, "invalid_grant"),
            Self::AssertionIsAppOnly(_) => (7_000_114, "invalid_grant"),
            Self::RedirectUri(_) => (50011, "invalid_request"),
            Self::NoRedirectUri => (500_113, "invalid_request"),
            Self::RedirectUriOfAnotherCode => (500_112, "invalid_grant"),
            Self::NotForConsumers => (700_016, "unauthorized_client"),
            Self::SingleTenant(_) => (50194, "invalid_request"),
            Self::ResponseType(_) => (700_054, "unsupported_response_type"),
            Self::UnknownPrompt => (90023, "invalid_request"),
            Self::NoSession => (50058, "login_required"),
            Self::SeveralSessions => (16000, "interaction_required"),
            Self::UserOfOtherTenant { .. } => (50020, "invalid_grant"),
            Self::NotAssigned(_) => (50105, "invalid_grant"),
            Self::AdminConsent { .. } => (90094, "invalid_grant"),
            Self::UserDeclined => (65004, "access_denied"),
            Self::UnknownSignIn => (165_000, "invalid_request"),
            Self::InvalidGrant(_) => (70000, "invalid_grant"),
            Self::ExpiredGrant => (70008, "invalid_grant"),
            Self::RedeemedCode => (54005, "invalid_grant"),
            Self::CodeVerifier => (501_481, "invalid_grant"),
            Self::CrossOriginWithoutChallenge => (9_002_325, "invalid_request"),
            Self::CrossOrigin(_) => (9_002_326, "invalid_request"),
            Self::NotCrossOrigin => (9_002_327, "invalid_request"),
            Self::ExpiredSpaRefreshToken => (700_084, "invalid_grant"),
            Self::AuthorizationPending => (70016, "authorization_pending"),
            Self::AuthorizationDeclined => (70018, "authorization_declined"),
            Self::UnknownDeviceCode => (70018, "bad_verification_code"),
            Self::UnknownUserCode => (90_172, "invalid_request"),
            Self::ExpiredDeviceCode => (70020, "expired_token"),
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

impl OAuthError {
    /// The error of the authorization endpoint. An error that the user can repair is an interaction there.
    fn authorization_error(&self) -> &'static str {
        match self {
            Self::NoConsent { .. } => "consent_required",
            Self::NotAssigned(_) | Self::UserOfOtherTenant { .. } | Self::AdminConsent { .. } => {
                "access_denied"
            }
            Self::Unavailable => "temporarily_unavailable",
            other => other.code().1,
        }
    }

    /// The error with ids that find it in the log.
    pub(crate) fn described(&self) -> Described {
        let (code, error) = self.code();
        let trace_id = Uuid::new_v4();
        let correlation_id = Uuid::new_v4();
        let timestamp = crate::clock::timestamp()
            .strftime("%Y-%m-%d %H:%M:%SZ")
            .to_string();
        // The description repeats what the client sent, so it stays out of the log.
        tracing::info!(code, error, %trace_id, "denied");
        Described {
            code,
            error,
            authorization_error: self.authorization_error(),
            description: format!(
                "AADSTS{code}: {self} Trace ID: {trace_id} Correlation ID: {correlation_id} \
                 Timestamp: {timestamp}"
            ),
            suberror: self.suberror(),
            claims: self.claims(),
            timestamp,
            trace_id,
            correlation_id,
        }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let described = self.described();
        let body = Body {
            error: described.error,
            error_description: described.description,
            error_codes: [described.code],
            timestamp: described.timestamp,
            trace_id: described.trace_id,
            correlation_id: described.correlation_id,
            suberror: described.suberror,
            claims: described.claims,
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

#[cfg(test)]
mod tests;
