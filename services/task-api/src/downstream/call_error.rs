use std::time::Duration;

use portcullis_entra_client::TokenError;
use portcullis_token::connection_failure;
use reqwest::StatusCode;

/// Why a call to a service failed. It may be logged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("no token for the service: {0}")]
    Token(#[from] TokenError),
    #[error("the service {}", connection_failure(.0))]
    ServiceUnreachable(reqwest::Error),
    #[error("the service answered 401 to a token that was issued for it, and to another one")]
    TokenNotAccepted,
    #[error("the service asks for a pause: it answered {status}")]
    ServiceBusy {
        status: StatusCode,
        retry_after: Option<Duration>,
    },
    #[error("the service answered {0}")]
    ServiceRefused(StatusCode),
    #[error("no answer before the deadline")]
    DeadlineExceeded,
}

impl CallError {
    /// The reason code, for logs and metrics.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Token(error) => error.reason(),
            Self::ServiceUnreachable(_) => "service_unreachable",
            Self::TokenNotAccepted => "token_not_accepted",
            Self::ServiceBusy { .. } => "service_busy",
            Self::ServiceRefused(_) => "service_refused",
            Self::DeadlineExceeded => "deadline_exceeded",
        }
    }

    /// Whether a retry may succeed without a change of settings or of the call.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Token(error) => error.is_transient(),
            Self::ServiceRefused(status) => {
                status.is_server_error() || is_transient_status(*status)
            }
            Self::ServiceUnreachable(_) | Self::ServiceBusy { .. } | Self::DeadlineExceeded => true,
            Self::TokenNotAccepted => false,
        }
    }

    /// The pause of the other side's `Retry-After`.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Token(TokenError::Throttled { retry_after }) => Some(*retry_after),
            Self::ServiceBusy { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The pause before the call is sent again, if the service surely did not process it.
    pub(super) fn pause_before_resending(&self) -> Option<Duration> {
        const PAUSE: Duration = Duration::from_millis(50);
        match self {
            Self::ServiceUnreachable(error) if error.is_connect() => Some(PAUSE),
            Self::ServiceBusy { retry_after, .. } => Some(retry_after.unwrap_or(PAUSE)),
            _ => None,
        }
    }
}

/// Whether a 4xx status is about the moment and not about the request itself.
fn is_transient_status(status: StatusCode) -> bool {
    [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::CONFLICT,
        StatusCode::TOO_EARLY,
    ]
    .contains(&status)
}
