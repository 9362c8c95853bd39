//! What token endpoints answer (RFC 6749 §5.1 and §5.2), as Entra extends it.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use portcullis_runtime::retry_after;
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;

use crate::access_token::AccessToken;
use crate::challenge::ClaimsChallenge;
use crate::error::{AadstsNumbers, TokenError};

const ERROR_MAX_CHARS: usize = 64;
/// What a 429 without `Retry-After` asks for.
const DEFAULT_PAUSE: Duration = Duration::from_secs(5);
/// What is asked for beyond this is not believed: one wrong header would silence a service for a
/// day.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// What MSAL takes for "ask the user", as an error or a suberror.
const INTERACTION: [&str; 5] = [
    "interaction_required",
    "consent_required",
    "login_required",
    "basic_action",
    "additional_action",
];

#[derive(Deserialize)]
struct TokenReply {
    access_token: String,
    token_type: String,
    expires_in: u64,
}

#[derive(Default, Deserialize)]
struct ErrorReply {
    error: String,
    suberror: Option<String>,
    #[serde(default)]
    error_codes: AadstsNumbers,
    claims: Option<String>,
}

/// The token of a success.
pub(crate) fn token(body: &[u8], asked: Instant) -> Result<AccessToken, TokenError> {
    let reply: TokenReply = serde_json::from_slice(body).map_err(|_| TokenError::Unreadable)?;
    // It becomes a header line. Which kind of token it is decides how it must be sent (RFC 6749
    // §7.1).
    let is_bearer = reply.token_type.eq_ignore_ascii_case("Bearer");
    if !is_bearer
        || reply.access_token.is_empty()
        || !reply
            .access_token
            .bytes()
            .all(|byte| byte.is_ascii_graphic())
    {
        return Err(TokenError::Unreadable);
    }
    Ok(AccessToken::new(
        &reply.access_token,
        asked,
        Duration::from_secs(reply.expires_in),
    ))
}

/// What anything but a success means. Clients must not branch on Entra's numbers, which are for
/// people.
pub(crate) fn refusal(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    authorization_url: impl FnOnce() -> Url,
) -> TokenError {
    if status == StatusCode::TOO_MANY_REQUESTS {
        return TokenError::Throttled {
            retry_after: pause(headers).unwrap_or(DEFAULT_PAUSE),
        };
    }
    if status == StatusCode::REQUEST_TIMEOUT {
        return TokenError::TimedOut;
    }
    // A 503 with Retry-After is a 429 in other words (RFC 9110 §15.6.4).
    if let Some(retry_after) = pause(headers).filter(|_| status == StatusCode::SERVICE_UNAVAILABLE)
    {
        return TokenError::Throttled { retry_after };
    }
    if status.is_server_error() {
        return TokenError::Unavailable(status);
    }
    // A proxy's page in HTML says nothing about the grant.
    let Ok(reply) = serde_json::from_slice::<ErrorReply>(body) else {
        return TokenError::Unreadable;
    };
    let ErrorReply {
        error,
        suberror,
        error_codes: numbers,
        claims,
    } = reply;
    if error == "temporarily_unavailable" {
        return TokenError::Unavailable(status);
    }
    let asks_the_user = [Some(error.as_str()), suberror.as_deref()]
        .into_iter()
        .flatten()
        .any(|word| INTERACTION.contains(&word));
    if asks_the_user || claims.is_some() {
        let challenge = Box::new(ClaimsChallenge::new(authorization_url(), claims));
        return TokenError::InteractionRequired { numbers, challenge };
    }
    let error = error
        .chars()
        .filter(char::is_ascii_graphic)
        .take(ERROR_MAX_CHARS)
        .collect();
    TokenError::Refused {
        status,
        error,
        numbers,
    }
}

/// What is asked for, as far as it is believed. Entra sends no dates.
fn pause(headers: &HeaderMap) -> Option<Duration> {
    retry_after(headers).map(|asked| asked.min(LONGEST_PAUSE))
}

#[cfg(test)]
#[path = "reply_tests.rs"]
mod tests;
