//! Tokens by grant: one request in flight for each, refreshed while the old one still serves,
//! bounded.

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

/// How long a refusal is remembered: long enough that a user who clicks again costs nothing, too
/// short to outlast its cause.
const REFUSAL_REMEMBERED: Duration = Duration::from_secs(1);
/// After a refresh failed, the old token serves on and the endpoint is left alone for this long.
const REFRESH_PAUSE: Duration = Duration::from_secs(10);

/// An answer that many callers wait for. It runs as a task of its own, so that it goes on when the
/// first of them gives up.
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
    refused: Option<(TokenError, Instant)>,
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

    /// Drops `token`, which a service did not accept. One that has come since then stays: many
    /// requests may report the old one.
    pub(crate) fn forget(&self, grant: &Grant, token: &AccessToken) {
        if let Some(slot) = self.lock().get_mut(&grant.key()) {
            slot.token = slot.token.take().filter(|current| !current.is_same(token));
        }
    }

    fn look_up(self: &Arc<Self>, grant: &Grant) -> Found {
        let (key, now) = (grant.key(), Instant::now());
        let mut slots = self.lock();
        let slot = slots.get_or_insert_mut(key.clone(), Slot::default);
        let (found, outcome) = if let Some(token) =
            slot.token.clone().filter(|token| token.is_usable(now))
        {
            if token.is_due_for_refresh(now) && slot.may_refresh(now) {
                slot.flight = Some(self.fly(grant, key, true));
            }
            (Found::Now(Ok(token)), "hit")
        } else if let Some(flight) = &slot.flight {
            (Found::Soon(flight.clone()), "joined")
        } else if let Some((error, _)) = slot.refused.as_ref().filter(|(_, until)| now < *until) {
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

    /// Starts asking. The caller holds the lock until the flight is noted, so that it can't land
    /// before.
    fn fly(self: &Arc<Self>, grant: &Grant, key: GrantKey, is_refresh: bool) -> Flight {
        let (cache, grant) = (Arc::clone(self), grant.clone());
        let asking = async move {
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
        let task = tokio::spawn(asking.with_current_context());
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
                // What passes by itself is asked again at once; pauses that the endpoint asked for
                // are kept elsewhere.
                slot.refused =
                    (!error.is_transient()).then(|| (error.clone(), now + REFUSAL_REMEMBERED));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<GrantKey, Slot>> {
        // A slot is changed by assignments alone, so it is whole whatever a panicking holder did.
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
