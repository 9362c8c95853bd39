use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

/// Maximum life of a token, so that a wrong `expires_in` cannot keep one for long.
///
/// Entra's tokens live for about an hour.
const LONGEST_LIFE: Duration = Duration::from_hours(24);
/// Remaining life below which a token is not sent, because it would expire on the way.
const LAST_MOMENT: Duration = Duration::from_secs(30);

/// An access token for one service. It is never printed.
#[derive(Clone)]
pub struct AccessToken {
    value: Arc<str>,
    refresh_at: Instant,
    unusable_at: Instant,
}

impl AccessToken {
    /// A token that lives for `life` from `issued`.
    pub(crate) fn new(value: &str, issued: Instant, life: Duration) -> Self {
        let life = life.min(LONGEST_LIFE);
        Self {
            value: value.into(),
            refresh_at: issued + life / 5 * 4,
            unusable_at: issued + life.saturating_sub(LAST_MOMENT.min(life / 10)),
        }
    }

    /// The token itself, for an `Authorization` header only.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.value
    }

    pub(crate) fn is_usable(&self, now: Instant) -> bool {
        now < self.unusable_at
    }

    /// Whether 80 % of the token's life have passed.
    pub(crate) fn is_due_for_refresh(&self, now: Instant) -> bool {
        now >= self.refresh_at
    }

    /// Whether both are the token of one reply.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.value, &other.value)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessToken(redacted)")
    }
}
