use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::challenge::ClaimsChallenge;
use crate::credential::CredentialError;

/// Why there is no token. Holds nothing that may not be logged: no token, and no
/// `error_description`, which may name a user.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TokenError {
    /// The application's own credential can't be used.
    #[error("this application's credential cannot be used: {0}")]
    Credential(Arc<CredentialError>),
    /// No connection, or no verified TLS.
    #[error("the token endpoint {0}")]
    Unreachable(Arc<str>),
    /// No answer in time.
    #[error("the token endpoint did not answer in time")]
    TimedOut,
    /// 429: nobody asks in this tenant until the time has passed.
    #[error("the token endpoint asks for a pause of {} s", .retry_after.as_secs())]
    Throttled {
        /// From now.
        retry_after: Duration,
    },
    /// A fault of the endpoint's.
    #[error("the token endpoint answered {0}")]
    Unavailable(StatusCode),
    /// Not a reply of RFC 6749 §5.1.
    #[error("the token endpoint's answer is not a token response of RFC 6749 §5.1")]
    Unreadable,
    /// An error of RFC 6749 §5.2.
    #[error("the token endpoint answered {status}: {error}{numbers}")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// The OAuth error.
        error: String,
        /// What Entra adds.
        numbers: AadstsNumbers,
    },
    /// Only the user can go on.
    #[error("the user has to sign in again, with more proof, or to consent{numbers}")]
    InteractionRequired {
        /// What Entra adds.
        numbers: AadstsNumbers,
        /// For the browser.
        challenge: Box<ClaimsChallenge>,
    },
    /// The task that asked has ended, as while a program stops.
    #[error("asking for a token was interrupted")]
    Interrupted,
}

impl TokenError {
    /// A stable code, for metrics.
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

    /// Whether the same question may be answered another time, though nobody changes anything.
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
        // Entra sends one; whatever else answers must not fill a log line.
        self.0
            .iter()
            .take(4)
            .try_for_each(|number| write!(formatter, " AADSTS{number}"))
    }
}
