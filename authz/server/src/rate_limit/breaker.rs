use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// After a failure one call in this time tries again, so that a store that hangs delays one request and not all.
const PAUSE: Duration = Duration::from_secs(1);

/// Whether something that failed is worth asking again.
#[derive(Debug)]
pub(super) struct Breaker {
    started: Instant,
    /// Milliseconds since `started` from when on it may be asked; 0 while all is well.
    closed_until: AtomicU64,
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self { started: Instant::now(), closed_until: AtomicU64::new(0) }
    }

    /// Whether to ask now. While it fails, one caller in each pause is told to.
    pub(super) fn lets_through(&self) -> bool {
        let until = self.closed_until.load(Ordering::Relaxed);
        let now = self.milliseconds();
        let next = now + milliseconds(PAUSE);
        until == 0
            || (now >= until
                && self.closed_until.compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed).is_ok())
    }

    /// Notes an outcome; returns whether it differs from the one before.
    pub(super) fn note(&self, success: bool) -> bool {
        let until = if success { 0 } else { self.milliseconds() + milliseconds(PAUSE) };
        let before = self.closed_until.swap(until, Ordering::Relaxed);
        (before == 0) != success
    }

    pub(super) fn is_well(&self) -> bool {
        self.closed_until.load(Ordering::Relaxed) == 0
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
    fn after_a_failure_nobody_asks_for_a_while_and_a_success_opens_it() {
        let breaker = Breaker::new();
        assert!(breaker.lets_through() && breaker.is_well());
        assert!(breaker.note(false) && !breaker.note(false), "only the first failure is news");
        assert!(!breaker.lets_through() && !breaker.is_well());
        assert!(breaker.note(true) && !breaker.note(true), "only the first success is news");
        assert!(breaker.lets_through() && breaker.is_well());
    }
}
