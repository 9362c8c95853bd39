use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::activity::{Phase, State};
use super::limits::ConnectionLimits;
use super::metrics::Ending;

/// Ends a connection whose client is silent for too long.
///
/// The timer is reset only when part of a head arrives or when it fires, so a request needs no
/// clock read.
#[derive(Debug)]
pub(super) struct Deadline {
    limits: ConnectionLimits,
    timer: Pin<Box<Sleep>>,
    /// State of the connection when the timer was set.
    seen: State,
}

impl Deadline {
    pub(super) fn new(limits: ConnectionLimits) -> Self {
        Self {
            limits,
            timer: Box::pin(sleep(limits.header_timeout)),
            seen: (Phase::New, 0),
        }
    }

    /// Limits a connection without a request in flight to `rest`.
    pub(super) fn shorten(&mut self, now: State, rest: Duration) {
        if now.0 != Phase::Busy {
            self.limits = ConnectionLimits {
                header_timeout: rest,
                idle_timeout: rest,
                ..self.limits
            };
            self.set(now, rest);
        }
    }

    /// Resolves to the reason once the connection must end. `now` is its present state.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, now: State) -> Poll<Ending> {
        if now.0 == Phase::Receiving && self.seen != now {
            self.set(now, self.limits.header_timeout);
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            match now.0 {
                Phase::New | Phase::Receiving => return Poll::Ready(Ending::HeaderTimeout),
                Phase::Idle if self.seen == now => return Poll::Ready(Ending::IdleTimeout),
                Phase::Idle | Phase::Busy => self.set(now, self.limits.idle_timeout),
            }
        }
    }

    fn set(&mut self, now: State, limit: Duration) {
        self.timer.as_mut().reset(Instant::now() + limit);
        self.seen = now;
    }
}
