//! Retries of token requests within a budget.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;
use portcullis_token::random_pause;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::access_token::AccessToken;
use crate::error::TokenError;
use crate::grant::Grant;
use crate::token_source::TokenSource;

/// Maximum number of tenants whose Retry-After deadlines are kept.
const PAUSED_TENANTS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);
const FIRST_BACKOFF: Duration = Duration::from_millis(40);

/// Maximum time and number of attempts for one token.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Maximum time from the first request to the last reply.
    pub total: Duration,
    /// Maximum time of one attempt, so that a hanging connection leaves time for another.
    pub attempt: Duration,
    /// Maximum number of attempts, the first included.
    pub attempts: u32,
}

impl Budget {
    /// A budget of three attempts within `total`.
    #[must_use]
    pub fn within(total: Duration) -> Self {
        Self {
            total,
            attempt: total / 2,
            attempts: 3,
        }
    }

    /// Requests a token, and repeats after transient errors until the budget is spent.
    pub(crate) async fn spend(
        self,
        source: &impl TokenSource,
        pauses: &Pauses,
        grant: &Grant,
    ) -> Result<AccessToken, TokenError> {
        let deadline = Instant::now() + self.total;
        for attempt in 1.. {
            pauses.wait(&grant.tenant, deadline).await?;
            let limit = deadline.min(Instant::now() + self.attempt);
            let answer = timeout_at(limit, source.request(grant))
                .await
                .unwrap_or(Err(TokenError::TimedOut));
            let error = match answer {
                Err(error) if error.is_transient() => error,
                answer => return answer,
            };
            let resume = match error {
                TokenError::Throttled { retry_after } => pauses.note(&grant.tenant, retry_after),
                _ => Instant::now() + backoff(attempt),
            };
            if attempt >= self.attempts || resume >= deadline {
                return Err(error);
            }
            sleep_until(resume).await;
        }
        Err(TokenError::TimedOut)
    }
}

/// Back-off after an attempt: 40, 120, 360 ms, each with up to 50 % jitter.
fn backoff(attempt: u32) -> Duration {
    let base = FIRST_BACKOFF * 3_u32.saturating_pow(attempt.saturating_sub(1)).min(100);
    random_pause(base, base + base / 2)
}

/// The Retry-After deadlines of tenants.
///
/// A deadline applies to the application, and so to the requests for all its users.
#[derive(Debug)]
pub(crate) struct Pauses(Mutex<LruCache<Arc<str>, Instant>>);

impl Pauses {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(PAUSED_TENANTS)))
    }

    fn note(&self, tenant: &Arc<str>, pause: Duration) -> Instant {
        let until = Instant::now() + pause;
        self.lock().put(Arc::clone(tenant), until);
        until
    }

    /// Waits for the end of the tenant's pause, or fails at once if it ends after `deadline`.
    async fn wait(&self, tenant: &str, deadline: Instant) -> Result<(), TokenError> {
        let until = self.lock().get(tenant).copied();
        match until {
            Some(until) if until >= deadline => Err(TokenError::Throttled {
                retry_after: until.saturating_duration_since(Instant::now()),
            }),
            Some(until) => {
                sleep_until(until).await;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Arc<str>, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
