use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_guard::BearerToken;
use serde::Deserialize;

use crate::clock::unix_milliseconds;

/// Maximum number of held tokens. Each has a few kilobytes.
const MAX_HELD: usize = 10_000;
/// Assumed life of a token without `exp`. Entra's tokens live for about an hour.
const ASSUMED_LIFE_MILLISECONDS: i64 = 60 * 60 * 1000;

/// The users' tokens of pending notifications, by the message's idempotency key.
///
/// The message's id would be unsafe: it may be reused after a rollback, and would then find another
/// user's token.
#[derive(Debug, Default)]
pub(super) struct HeldTokens(Mutex<HashMap<String, Held>>);

#[derive(Debug)]
struct Held {
    token: BearerToken,
    expires_at: i64,
}

#[derive(Deserialize)]
struct Claims {
    exp: i64,
}

impl HeldTokens {
    /// Holds `token` for the message, unless [`MAX_HELD`] tokens are held.
    pub(super) fn hold(&self, message: &str, token: BearerToken) {
        let expires_at = expiry(&token)
            .unwrap_or_else(|| unix_milliseconds().saturating_add(ASSUMED_LIFE_MILLISECONDS));
        let mut held = self.lock();
        if held.len() < MAX_HELD {
            held.insert(message.to_owned(), Held { token, expires_at });
        }
    }

    /// The message's token, or the reason code of its absence.
    pub(super) fn of(&self, message: &str) -> Result<BearerToken, &'static str> {
        match self.lock().get(message) {
            None => Err("user_token_lost"),
            Some(held) if held.expires_at <= unix_milliseconds() => Err("user_token_expired"),
            Some(held) => Ok(held.token.clone()),
        }
    }

    pub(super) fn forget(&self, message: &str) {
        self.lock().remove(message);
    }

    #[cfg(test)]
    pub(super) fn forget_all(&self) {
        self.lock().clear();
    }

    pub(super) fn number(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The token's `exp` in milliseconds. The guard has verified the token.
fn expiry(token: &BearerToken) -> Option<i64> {
    let payload = URL_SAFE_NO_PAD
        .decode(token.reveal().split('.').nth(1)?)
        .ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    claims.exp.checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use portcullis_guard::BearerToken;

    use super::HeldTokens;

    fn token(claims: &str) -> BearerToken {
        BearerToken::new(format!("e30.{}.signature", URL_SAFE_NO_PAD.encode(claims)))
    }

    #[test]
    fn token_is_held_until_it_expires_or_is_forgotten() {
        let held = HeldTokens::default();
        held.hold("1", token(r#"{"exp":4102444800}"#));
        held.hold("2", token(r#"{"exp":1}"#));
        held.hold("3", BearerToken::new("opaque".to_owned()));
        let of = |message: &str| held.of(message).map(|token| token.reveal().len());
        assert_eq!(
            (of("1").is_ok(), of("2"), of("3"), of("4")),
            (
                true,
                Err("user_token_expired"),
                Ok(6),
                Err("user_token_lost")
            )
        );
        held.forget("3");
        assert_eq!((of("3"), held.number()), (Err("user_token_lost"), 2));
    }
}
