//! The time of dev-entra, which tests can shift.
//!
//! A request runs within the clock of its instance, so that code of any depth asks [`now`], and
//! instances in one process have clocks of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

tokio::task_local! {
    static CLOCK: Clock;
}

/// The clock of one instance: that of the system with an offset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    /// The largest offset in seconds, a hundred years.
    pub(crate) const MOST: i64 = 100 * 366 * 24 * 3600;

    /// Shifts the clock to `seconds` after that of the system, before it if negative.
    pub(crate) fn shift(&self, seconds: i64) {
        let bounded = seconds.clamp(-Self::MOST, Self::MOST);
        self.0.store(bounded, Ordering::Relaxed);
    }

    /// Seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        let offset = self.0.load(Ordering::Relaxed);
        jiff::Timestamp::now().as_second().saturating_add(offset)
    }

    /// Runs `future` so that [`now`] in it is the time of this clock.
    pub(crate) async fn within<F: Future>(self, future: F) -> F::Output {
        CLOCK.scope(self, future).await
    }
}

/// Seconds since 1970, by the clock of the request; by that of the system outside of requests.
pub(crate) fn now() -> i64 {
    CLOCK
        .try_with(Clock::now)
        .unwrap_or_else(|_| Clock::default().now())
}

/// The time of [`now`] for formats. An offset is bounded, so that each time has one.
pub(crate) fn timestamp() -> jiff::Timestamp {
    jiff::Timestamp::from_second(now()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Clock, now};

    #[tokio::test]
    async fn offset_counts_only_within_its_clock() {
        let clock = Clock::default();
        clock.shift(3600);
        let system = now();
        let shifted = clock.clone().within(async { now() }).await;
        assert!((3600..3700).contains(&(shifted - system)), "{shifted}");
        clock.shift(i64::MIN);
        assert!(clock.now() < system - Clock::MOST + 100);
        assert!(now() - system < 100);
    }
}
