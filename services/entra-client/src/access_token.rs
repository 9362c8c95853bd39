use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

/// Entra issues tokens of about an hour; a longer life is not believed, so that a wrong
/// `expires_in` can't pin a token.
const LONGEST_LIFE: Duration = Duration::from_hours(24);
/// A token that is about to end is not sent: it would end on the way.
const LAST_MOMENT: Duration = Duration::from_secs(30);

/// An access token for one service. Never printed.
#[derive(Clone)]
pub struct AccessToken {
    value: Arc<str>,
    refresh_at: Instant,
    unusable_at: Instant,
}

impl AccessToken {
    /// A token that was issued at `issued`, before its answer came.
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

    /// After 80 % of its life, while it can still be used.
    pub(crate) fn is_due_for_refresh(&self, now: Instant) -> bool {
        now >= self.refresh_at
    }

    /// Whether both came with one answer.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.value, &other.value)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessToken(redacted)")
    }
}
