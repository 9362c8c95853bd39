//! Parses replies of token endpoints (RFC 6749 §5.1 and §5.2), as Entra extends them.

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
/// Pause after a 429 without `Retry-After`.
const DEFAULT_PAUSE: Duration = Duration::from_secs(5);
/// Maximum pause. Without it one wrong `Retry-After` could silence a service for a day.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// Errors and suberrors for which MSAL also requires interaction with the user.
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

/// Parses the token of a success. Its life counts from `sent_at`.
pub(crate) fn token(body: &[u8], sent_at: Instant) -> Result<AccessToken, TokenError> {
    let reply: TokenReply = serde_json::from_slice(body).map_err(|_| TokenError::Unreadable)?;
    // The token becomes a header value. Its type decides how it must be sent (RFC 6749 §7.1).
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
        sent_at,
        Duration::from_secs(reply.expires_in),
    ))
}

/// Translates a reply other than a success into an error.
///
/// It ignores Entra's numbers, which are for people: clients must not branch on them.
pub(crate) fn token_error(
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
    // A 503 with Retry-After has the meaning of a 429 (RFC 9110 §15.6.4).
    if let Some(retry_after) = pause(headers).filter(|_| status == StatusCode::SERVICE_UNAVAILABLE)
    {
        return TokenError::Throttled { retry_after };
    }
    if status.is_server_error() {
        return TokenError::Unavailable(status);
    }
    // A proxy's HTML page says nothing about the grant.
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
    let needs_interaction = [Some(error.as_str()), suberror.as_deref()]
        .into_iter()
        .flatten()
        .any(|word| INTERACTION.contains(&word));
    if needs_interaction || claims.is_some() {
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

/// The pause of `Retry-After`, limited to [`LONGEST_PAUSE`]. Entra sends no dates.
fn pause(headers: &HeaderMap) -> Option<Duration> {
    retry_after(headers).map(|pause| pause.min(LONGEST_PAUSE))
}

#[cfg(test)]
#[path = "reply_tests.rs"]
mod tests;
