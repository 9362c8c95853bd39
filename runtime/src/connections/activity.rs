use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Logical clock of a listener: counts its accepted connections.
///
/// It orders connections by their last use and costs no system call. It may stand still between two
/// accepts, because only an accept compares connections.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock(Arc<AtomicU64>);

impl Clock {
    fn tick(&self) -> u64 {
        self.0.fetch_add(1, Relaxed)
    }

    fn now(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Activity of one connection.
///
/// The connection's task and the tasks of its requests write it. The accept loop reads it.
#[derive(Debug)]
pub(crate) struct Activity {
    clock: Clock,
    last_used: AtomicU64,
    started: AtomicU64,
    in_flight: AtomicU64,
    /// Bytes arrived after the last request started or ended.
    receiving: AtomicBool,
    /// The connection speaks HTTP/2, which receives pings and acknowledgements without a request.
    http2: AtomicBool,
}

/// Phase of a connection, in the order in which connections are closed to make room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// No request has started yet.
    New,
    /// Part of the head of another request has arrived.
    Receiving,
    /// The last request is answered.
    Idle,
    /// At least one request is in flight.
    Busy,
}

/// A phase and the number of started requests. Between equal states no request started.
pub(super) type State = (Phase, u64);

impl Activity {
    pub(super) fn new(clock: &Clock) -> Self {
        Self {
            last_used: AtomicU64::new(clock.tick()),
            clock: clock.clone(),
            started: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            receiving: AtomicBool::new(false),
            http2: AtomicBool::new(false),
        }
    }

    pub(super) fn received(&self) {
        self.receiving.store(true, Relaxed);
    }

    /// Notes the start of a request, which is in flight until the guard is dropped.
    pub(super) fn begin(self: &Arc<Self>, http2: bool) -> InFlight {
        self.http2.store(http2, Relaxed);
        self.receiving.store(false, Relaxed);
        self.last_used.store(self.clock.now(), Relaxed);
        self.in_flight.fetch_add(1, Relaxed);
        self.started.fetch_add(1, Relaxed);
        InFlight(Arc::clone(self))
    }

    pub(super) fn state(&self) -> State {
        let started = self.started.load(Relaxed);
        let phase = if self.in_flight.load(Relaxed) > 0 {
            Phase::Busy
        } else if started == 0 {
            Phase::New
        } else if self.receiving.load(Relaxed) && !self.http2.load(Relaxed) {
            Phase::Receiving
        } else {
            Phase::Idle
        };
        (phase, started)
    }

    /// Rank for closing: the connection with the smallest rank is closed first to make room.
    pub(super) fn rank(&self) -> (Phase, u64) {
        (self.state().0, self.last_used.load(Relaxed))
    }
}

/// A request in flight. It is dropped with the response or with the cancelled request.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Activity>);

impl Drop for InFlight {
    fn drop(&mut self) {
        // The bytes received meanwhile were the request's body.
        self.0.receiving.store(false, Relaxed);
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Activity, Clock, Phase};

    #[test]
    fn activity_goes_through_the_phases_of_an_http1_connection() {
        let activity = Arc::new(Activity::new(&Clock::default()));
        assert_eq!(activity.state(), (Phase::New, 0));
        activity.received();
        assert_eq!(activity.state(), (Phase::New, 0), "half of the first head");
        let request = activity.begin(false);
        activity.received();
        assert_eq!(activity.state(), (Phase::Busy, 1), "its body");
        drop(request);
        assert_eq!(activity.state(), (Phase::Idle, 1));
        activity.received();
        assert_eq!(
            activity.state(),
            (Phase::Receiving, 1),
            "half of the second head"
        );
    }

    #[test]
    fn http2_frames_without_request_are_not_a_head() {
        let activity = Arc::new(Activity::new(&Clock::default()));
        drop(activity.begin(true));
        activity.received();
        assert_eq!(activity.state(), (Phase::Idle, 1), "an acknowledged ping");
    }

    #[test]
    fn rank_puts_unfinished_before_idle_and_unused_before_used() {
        let clock = Clock::default();
        let make = || Arc::new(Activity::new(&clock));
        let envoy = make();
        let first_slow = make();
        let second_slow = make();
        drop(envoy.begin(true));
        assert!(first_slow.rank() < second_slow.rank());
        assert!(second_slow.rank() < envoy.rank());
        let busy = make();
        let _request = busy.begin(true);
        assert!(envoy.rank() < busy.rank());
    }
}
