use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_guard::BearerToken;
use serde::Deserialize;

use crate::clock::unix_milliseconds;

/// More than anybody waits for; each holds a token of a few kilobytes.
const MOST: usize = 10_000;
/// What a token that does not say is taken to live. Entra's live for about an hour.
const ASSUMED_LIFE_MILLISECONDS: i64 = 60 * 60 * 1000;

/// The users' tokens of pending notifications, by the message's key: an id may come again after a
/// rollback, and must never find another user's token.
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
    /// Keeps `token` for the message, unless too many wait already.
    pub(super) fn hold(&self, message: &str, token: BearerToken) {
        let expires_at = expiry(&token)
            .unwrap_or_else(|| unix_milliseconds().saturating_add(ASSUMED_LIFE_MILLISECONDS));
        let mut held = self.lock();
        if held.len() < MOST {
            held.insert(message.to_owned(), Held { token, expires_at });
        }
    }

    /// The message's token, or why there is none.
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

/// When the token ends, by its own word. It was verified before it came here.
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
    fn a_token_is_held_while_it_lives() {
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
