use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::challenge::ClaimsChallenge;
use crate::credential::CredentialError;

/// Why the client obtained no token.
///
/// It may be logged: it holds no token, and no `error_description`, which may name a user.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TokenError {
    /// The application's own credential cannot be used.
    #[error("this application's credential cannot be used: {0}")]
    Credential(Arc<CredentialError>),
    /// No connection, or no verified TLS.
    #[error("the token endpoint {0}")]
    Unreachable(Arc<str>),
    /// The token endpoint did not answer in time.
    #[error("the token endpoint did not answer in time")]
    TimedOut,
    /// The token endpoint answered 429. The client sends nothing to this tenant until then.
    #[error("the token endpoint asks for a pause of {} s", .retry_after.as_secs())]
    Throttled {
        /// The time to wait from now.
        retry_after: Duration,
    },
    /// The token endpoint answered with a server error.
    #[error("the token endpoint answered {0}")]
    Unavailable(StatusCode),
    /// The reply is not a token response of RFC 6749 §5.1.
    #[error("the token endpoint's reply is not a token response of RFC 6749 §5.1")]
    Unreadable,
    /// The token endpoint answered with an error of RFC 6749 §5.2.
    #[error("the token endpoint answered {status}: {error}{numbers}")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// The OAuth error.
        error: String,
        /// Entra's error numbers.
        numbers: AadstsNumbers,
    },
    /// The user must sign in again or consent.
    #[error("the user has to sign in again, with a second factor, or to consent{numbers}")]
    InteractionRequired {
        /// Entra's error numbers.
        numbers: AadstsNumbers,
        /// The challenge for the browser.
        challenge: Box<ClaimsChallenge>,
    },
    /// The task that sent the request ended early, for example because the program stops.
    #[error("the token request was interrupted")]
    Interrupted,
}

impl TokenError {
    /// The reason code.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Credential(_) => "credential_unusable",
            Self::Unreachable(_) => "endpoint_unreachable",
            Self::TimedOut => "endpoint_timeout",
            Self::Throttled { .. } => "endpoint_throttled",
            Self::Unavailable(_) => "endpoint_unavailable",
            Self::Unreadable => "reply_unreadable",
            Self::Refused { error, .. } => match error.as_str() {
                "invalid_client" | "unauthorized_client" => "client_refused",
                "invalid_grant" => "assertion_refused",
                "invalid_scope" | "invalid_resource" | "invalid_target" => "scope_refused",
                _ => "request_refused",
            },
            Self::InteractionRequired { .. } => "interaction_required",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether a retry may succeed without a change of settings or of the request.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_)
                | Self::TimedOut
                | Self::Throttled { .. }
                | Self::Unavailable(_)
                | Self::Unreadable
        ) || matches!(self, Self::Interrupted | Self::Credential(_))
    }
}

/// The numbers that Entra adds to an error, as its documentation writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct AadstsNumbers(Vec<u32>);

impl fmt::Display for AadstsNumbers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Entra sends one number. The limit keeps another server from filling a log line.
        self.0
            .iter()
            .take(4)
            .try_for_each(|number| write!(formatter, " AADSTS{number}"))
    }
}
