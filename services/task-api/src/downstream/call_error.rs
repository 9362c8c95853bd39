use std::fmt;

use reqwest::StatusCode;

/// Why a service was not told. Holds nothing that may not be logged: no token, and no `error_description`, which may name a user.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error("the token endpoint cannot be reached")]
    TokenEndpointUnreachable(#[source] reqwest::Error),
    #[error("the token endpoint answered {status}: {error}{numbers}")]
    TokenRefused { status: StatusCode, error: String, numbers: AadstsNumbers },
    #[error("the token endpoint's answer is not a token response of RFC 6749 §5.1")]
    TokenUnreadable,
    #[error("the service cannot be reached")]
    ServiceUnreachable(#[source] reqwest::Error),
    #[error("the service answered 401 to a token that was issued for it")]
    TokenNotAccepted,
    #[error("the service answered {0}")]
    ServiceRefused(StatusCode),
    #[error("no answer before the deadline")]
    DeadlineExceeded,
}

/// The numbers that Entra adds to an error, as its documentation writes them.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(transparent)]
pub(super) struct AadstsNumbers(Vec<u32>);

impl fmt::Display for AadstsNumbers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|number| write!(formatter, " AADSTS{number}"))
    }
}
