use std::time::Duration;

use super::gaps::Gaps;

/// A moment on the limiter's clock in milliseconds, rounded in both directions.
///
/// A request counts from its time rounded up, and has left the window by a time rounded down. So
/// rounding never admits a request too many, and a caller waits at most two milliseconds longer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Rounded down, to decide what has ended.
    pub(super) floor: u64,
    /// Rounded up, to count a request.
    pub(super) ceiling: u64,
}

/// The times of a caller's admitted requests within a window of `per` milliseconds.
#[derive(Debug, Default)]
pub(super) struct Window {
    oldest: u64,
    newest: u64,
    /// The greatest time: a thread may count late a time that it read earlier.
    latest: u64,
    pub(super) count: u32,
    gaps: Gaps,
}

impl Moment {
    pub(super) fn new(since_start: Duration) -> Self {
        let floor = since_start.as_secs() * 1000 + u64::from(since_start.subsec_millis());
        let rest = since_start.subsec_nanos() % 1_000_000;
        Self {
            floor,
            ceiling: floor + u64::from(rest > 0),
        }
    }
}

impl Window {
    /// Counts a request.
    pub(super) fn push(&mut self, now: Moment) {
        match self.count {
            0 => self.oldest = now.ceiling,
            _ => self.gaps.push(self.gap(now)),
        }
        self.newest = now.ceiling;
        self.latest = self.latest.max(now.ceiling);
        self.count += 1;
    }

    /// Forgets the requests that have left the window.
    pub(super) fn prune(&mut self, now: Moment, per: u64) {
        if self.ends(per) <= now.floor {
            *self = Self::default();
        }
        while self.count > 0 && now.floor.saturating_sub(self.oldest) >= per {
            self.count -= 1;
            if self.count > 0 {
                self.oldest = self.oldest.saturating_add_signed(self.gaps.pop());
            }
        }
    }

    /// When the last request leaves the window.
    pub(super) fn ends(&self, per: u64) -> u64 {
        self.latest + per
    }

    /// The time until the oldest request leaves the window.
    pub(super) fn reset(&self, now: Moment, per: u64) -> Duration {
        Duration::from_millis((self.oldest + per).saturating_sub(now.floor))
    }

    /// Bytes on the heap beside the window itself.
    pub(super) fn bytes(&self) -> usize {
        self.gaps.bytes()
    }

    /// Bytes more on the heap after a request at `now` is counted.
    pub(super) fn growth(&self, now: Moment) -> usize {
        match self.count {
            0 => 0,
            _ => self.gaps.growth(self.gap(now)),
        }
    }

    fn gap(&self, now: Moment) -> i64 {
        now.ceiling.cast_signed() - self.newest.cast_signed()
    }
}
