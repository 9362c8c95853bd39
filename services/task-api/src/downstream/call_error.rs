use std::fmt;

use reqwest::StatusCode;

/// Why a service was not told. Holds nothing that may not be logged: no token, and no `error_description`, which may name a user.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
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
}

impl CallError {
    /// Whether another attempt with the same token cannot fare better: the request itself was refused.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::TokenRefused { status, .. } | Self::ServiceRefused(status) => refuses_for_good(*status),
            _ => false,
        }
    }

    /// A stable code for what went wrong, which users may see.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::TokenEndpointUnreachable(_) => "token_endpoint_unreachable",
            Self::TokenRefused { .. } => "token_refused",
            Self::TokenUnreadable => "token_unreadable",
            Self::ServiceUnreachable(_) => "service_unreachable",
            Self::TokenNotAccepted => "token_not_accepted",
            Self::ServiceRefused(_) => "service_refused",
        }
    }
}

/// 4xx, but for those that speak of the moment rather than of the request.
fn refuses_for_good(status: StatusCode) -> bool {
    let passing =
        [StatusCode::REQUEST_TIMEOUT, StatusCode::CONFLICT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    status.is_client_error() && !passing.contains(&status)
}

/// The numbers that Entra adds to an error, as its documentation writes them.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct AadstsNumbers(Vec<u32>);

impl fmt::Display for AadstsNumbers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|number| write!(formatter, " AADSTS{number}"))
    }
}
