use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// After a failure, one call in this time tries the store again.
///
/// A store that hangs thus delays one request and not all.
const PAUSE: Duration = Duration::from_secs(1);

/// A circuit breaker for the rate-limit store.
///
/// It is closed while calls succeed. After a failure it is open, and calls fail fast. It is
/// half-open for the one call in each pause that tries the store again.
#[derive(Debug)]
pub(super) struct Breaker {
    started: Instant,
    /// Milliseconds since `started` at which it becomes half-open; 0 while it is closed.
    open_until: AtomicU64,
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            open_until: AtomicU64::new(0),
        }
    }

    /// Returns whether a call may pass now. While it is open, one call in each pause may.
    pub(super) fn permits_call(&self) -> bool {
        let until = self.open_until.load(Ordering::Relaxed);
        let now = self.milliseconds();
        let next = now + milliseconds(PAUSE);
        until == 0
            || (now >= until
                && self
                    .open_until
                    .compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok())
    }

    /// Notes the outcome of a call, and returns whether it differs from the one before.
    pub(super) fn note(&self, success: bool) -> bool {
        let until = if success {
            0
        } else {
            self.milliseconds() + milliseconds(PAUSE)
        };
        let before = self.open_until.swap(until, Ordering::Relaxed);
        (before == 0) != success
    }

    pub(super) fn is_closed(&self) -> bool {
        self.open_until.load(Ordering::Relaxed) == 0
    }

    fn milliseconds(&self) -> u64 {
        milliseconds(self.started.elapsed())
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::Breaker;

    #[test]
    fn breaker_opens_after_a_failure_and_closes_after_a_success() {
        let breaker = Breaker::new();
        assert!(breaker.permits_call() && breaker.is_closed());
        assert!(
            breaker.note(false) && !breaker.note(false),
            "only the first failure is news"
        );
        assert!(!breaker.permits_call() && !breaker.is_closed());
        assert!(
            breaker.note(true) && !breaker.note(true),
            "only the first success is news"
        );
        assert!(breaker.permits_call() && breaker.is_closed());
    }
}
