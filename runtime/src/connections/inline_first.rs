//! Runs requests in the task of their connection.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use hyper::rt::Executor;

/// Maximum time for which the requests of one poll run one after the other.
///
/// The remaining requests are spawned, so that other threads share them. 100 Checks of cached
/// callers fit, or 10 signatures of first-seen tokens.
const TOGETHER: Duration = Duration::from_micros(200);

thread_local! {
    /// What this thread is polling.
    static POLLED: Cell<Polled> = const { Cell::new(Polled::Nothing) };
    /// When the first request of this poll started.
    static STARTED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The part of a connection that is being polled. The number is the address of its [`Wakes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Polled {
    Nothing,
    Connection(usize),
    RequestOf(usize),
}

/// Runs a request in its connection's task until it first waits, then spawns it.
///
/// A request that never waits, such as a Check of a cached caller, needs no task of its own and
/// wakes no other thread. Its reply is queued before the connection writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct InlineFirst;

impl<F> Executor<F> for InlineFirst
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, request: F) {
        if is_late() {
            tokio::spawn(request);
            return;
        }
        let mut request = Box::pin(request);
        // A no-op waker is enough: a pending request is spawned, and its task polls it at once.
        let mut context = Context::from_waker(Waker::noop());
        let outside = POLLED.get();
        if let Polled::Connection(connection) = outside {
            POLLED.set(Polled::RequestOf(connection));
        }
        let polled = catch_unwind(AssertUnwindSafe(|| request.as_mut().poll(&mut context)));
        POLLED.set(outside);
        // A panic ends this request and not the others of the connection, as in a task of its own.
        // The panic hook has logged the message; dropping the request resets its stream.
        if polled.is_ok_and(|polled| polled.is_pending()) {
            tokio::spawn(request);
        }
    }
}

/// Whether the requests of this poll have run for longer than [`TOGETHER`].
fn is_late() -> bool {
    if let Some(started) = STARTED.get() {
        return started.elapsed() > TOGETHER;
    }
    STARTED.set(Some(Instant::now()));
    false
}

/// Waker of a connection's task that ignores wake-ups by requests that run in the task.
///
/// Frames that a request queues wake its connection. This wake-up is useless: hyper polls for the
/// next request after each one that it has started, and h2 writes all frames then. It is also
/// expensive: a task that wakes itself goes to the end of its worker's queue, and tokio wakes a
/// second thread for it. That is one futex call and two context switches for each Check.
#[derive(Debug)]
pub(super) struct Wakes(Waker);

impl Wakes {
    pub(super) fn new(task: &Waker) -> Arc<Self> {
        Arc::new(Self(task.clone()))
    }

    /// Whether it wakes the same task as `waker`.
    pub(super) fn are_of(&self, waker: &Waker) -> bool {
        self.0.will_wake(waker)
    }

    /// Calls `poll`, which polls the connection.
    pub(super) fn polling<T>(self: &Arc<Self>, poll: impl FnOnce() -> T) -> T {
        STARTED.set(None);
        let outside = POLLED.replace(Polled::Connection(self.address()));
        // A panic ends the task, and the next poll on this thread sets the cell again.
        let polled = poll();
        POLLED.set(outside);
        polled
    }

    fn address(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).addr()
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if POLLED.get() != Polled::RequestOf(self.address()) {
            self.0.wake_by_ref();
        }
    }
}
