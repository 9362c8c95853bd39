//! Bounded cache of tokens by grant.
//!
//! Each grant has at most one request in flight. A token is refreshed while the old one is still
//! usable.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use lru::LruCache;
use portcullis_runtime::TraceFuture;
use tokio::time::Instant;

use crate::access_token::AccessToken;
use crate::error::TokenError;
use crate::grant::{Grant, GrantKey};
use crate::metrics::TokenMetrics;
use crate::retry::{Budget, Pauses};
use crate::token_source::TokenSource;

/// Time for which a permanent error is cached.
///
/// It is long enough that a user who clicks again causes no request, and too short to outlast the
/// error's cause.
const ERROR_TTL: Duration = Duration::from_secs(1);
/// Pause after a failed refresh. The old token stays in use meanwhile.
const REFRESH_PAUSE: Duration = Duration::from_secs(10);

/// A request in flight that many callers wait for.
///
/// It runs as a task of its own, so that it continues if the first caller gives up.
type Flight = Shared<BoxFuture<'static, Result<AccessToken, TokenError>>>;

pub(crate) struct TokenCache<S> {
    source: S,
    budget: Budget,
    pauses: Pauses,
    metrics: TokenMetrics,
    slots: Mutex<LruCache<GrantKey, Slot>>,
}

#[derive(Default)]
struct Slot {
    token: Option<AccessToken>,
    flight: Option<Flight>,
    /// A permanent error and the end of its time in the cache.
    error: Option<(TokenError, Instant)>,
    refresh_not_before: Option<Instant>,
}

enum Found {
    Now(Result<AccessToken, TokenError>),
    Soon(Flight),
}

impl<S: TokenSource> TokenCache<S> {
    pub(crate) fn new(
        source: S,
        budget: Budget,
        capacity: NonZeroUsize,
        metrics: TokenMetrics,
    ) -> Arc<Self> {
        let slots = Mutex::new(LruCache::new(capacity));
        Arc::new(Self {
            source,
            budget,
            pauses: Pauses::new(),
            metrics,
            slots,
        })
    }

    pub(crate) fn source(&self) -> &S {
        &self.source
    }

    pub(crate) async fn token(self: &Arc<Self>, grant: &Grant) -> Result<AccessToken, TokenError> {
        match self.look_up(grant) {
            Found::Now(answer) => answer,
            Found::Soon(flight) => flight.await,
        }
    }

    /// Drops `token`, which a service did not accept.
    ///
    /// A newer token of the grant stays, because several requests may report the old one.
    pub(crate) fn forget(&self, grant: &Grant, token: &AccessToken) {
        if let Some(slot) = self.lock().get_mut(&grant.key()) {
            slot.token = slot.token.take().filter(|current| !current.is_same(token));
        }
    }

    fn look_up(self: &Arc<Self>, grant: &Grant) -> Found {
        let key = grant.key();
        let now = Instant::now();
        let mut slots = self.lock();
        let slot = slots.get_or_insert_mut(key.clone(), Slot::default);
        let (found, outcome) =
            if let Some(token) = slot.token.clone().filter(|token| token.is_usable(now)) {
                if token.is_due_for_refresh(now) && slot.may_refresh(now) {
                    slot.flight = Some(self.fly(grant, key, true));
                }
                (Found::Now(Ok(token)), "hit")
            } else if let Some(flight) = &slot.flight {
                (Found::Soon(flight.clone()), "joined")
            } else if let Some((error, _)) = slot.error.as_ref().filter(|(_, until)| now < *until) {
                (Found::Now(Err(error.clone())), "refused")
            } else {
                let flight = self.fly(grant, key, false);
                slot.flight = Some(flight.clone());
                (Found::Soon(flight), "miss")
            };
        self.metrics.holds(slots.len());
        drop(slots);
        self.metrics.looked_up(grant, outcome);
        found
    }

    /// Starts a request.
    ///
    /// The caller must hold the lock until the slot has the flight, so that the request cannot end
    /// before.
    fn fly(self: &Arc<Self>, grant: &Grant, key: GrantKey, is_refresh: bool) -> Flight {
        let cache = Arc::clone(self);
        let grant = grant.clone();
        let request = async move {
            let started = Instant::now();
            let answer = cache
                .budget
                .spend(&cache.source, &cache.pauses, &grant)
                .await;
            let outcome = answer
                .as_ref()
                .map_or_else(TokenError::reason, |_| "issued");
            cache
                .metrics
                .requested(&grant, is_refresh, outcome, started.elapsed());
            cache.land(key, &answer);
            answer
        };
        let task = tokio::spawn(request.with_current_context());
        task.map(|ended| ended.unwrap_or(Err(TokenError::Interrupted)))
            .boxed()
            .shared()
    }

    fn land(&self, key: GrantKey, answer: &Result<AccessToken, TokenError>) {
        let now = Instant::now();
        let mut slots = self.lock();
        let slot = slots.get_or_insert_mut(key, Slot::default);
        slot.flight = None;
        match answer {
            Ok(token) => {
                *slot = Slot {
                    token: Some(token.clone()),
                    ..Slot::default()
                }
            }
            Err(error) => {
                slot.refresh_not_before = Some(now + REFRESH_PAUSE);
                // A transient error is retried at once. `Pauses` keeps the endpoint's Retry-After.
                slot.error = (!error.is_transient()).then(|| (error.clone(), now + ERROR_TTL));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<GrantKey, Slot>> {
        // Only assignments change a slot, so it is valid even if a thread panicked with the lock.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn may_refresh(&self, now: Instant) -> bool {
        self.flight.is_none() && self.refresh_not_before.is_none_or(|moment| now >= moment)
    }
}

#[cfg(test)]
mod tests;
