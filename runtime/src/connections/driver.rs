use std::fmt::Display;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hyper_util::server::graceful::GracefulConnection;
use tokio::io::AsyncWrite;
use tokio_util::sync::CancellationToken;

use super::activity::Activity;
use super::corked::Output;
use super::deadline::Deadline;
use super::inline_first::Wakes;
use super::limits::ConnectionLimits;
use super::metrics::Ending;

/// Time that a connection without a request in flight keeps at shutdown. A request may be on its
/// way.
const LAST_REQUEST: Duration = Duration::from_secs(1);

/// Drives a connection to its end and writes once after each poll.
pub(super) async fn drive<C, I>(
    connection: C,
    output: Output<I>,
    activity: &Activity,
    limits: ConnectionLimits,
    stopping: &CancellationToken,
) -> Ending
where
    C: GracefulConnection<Error: Display>,
    I: AsyncWrite + Unpin,
{
    let mut connection = pin!(connection);
    let mut stop = pin!(stopping.cancelled());
    let mut deadline = Deadline::new(limits);
    let mut stopped = false;
    let mut ended = None;
    let mut wakes = ConnectionWaker::default();
    poll_fn(|cx| {
        if !stopped && stop.as_mut().poll(cx).is_ready() {
            stopped = true;
            connection.as_mut().graceful_shutdown();
            deadline.shorten(activity.state(), LAST_REQUEST);
        }
        if ended.is_none() {
            ended = wakes.poll(connection.as_mut(), cx);
        }
        match (output.drain(cx), ended) {
            (Poll::Ready(Ok(())), Some(ending)) => Poll::Ready(ending),
            (Poll::Ready(Err(_)), _) => Poll::Ready(Ending::Failed),
            _ => deadline.poll(cx, activity.state()),
        }
    })
    .await
}

/// The waker that a connection is polled with.
#[derive(Debug, Default)]
struct ConnectionWaker(Option<(Arc<Wakes>, Waker)>);

impl ConnectionWaker {
    /// Polls `connection` and returns how it ended, if it did.
    fn poll<C>(&mut self, connection: Pin<&mut C>, cx: &Context<'_>) -> Option<Ending>
    where
        C: GracefulConnection<Error: Display>,
    {
        // A task keeps one waker in practice, but `Future` does not guarantee it.
        let current = self.0.take().filter(|(wakes, _)| wakes.are_of(cx.waker()));
        let (wakes, own) = self.0.insert(current.unwrap_or_else(|| {
            let wakes = Wakes::new(cx.waker());
            (Arc::clone(&wakes), Waker::from(wakes))
        }));
        match wakes.polling(|| connection.poll(&mut Context::from_waker(own))) {
            Poll::Pending => None,
            Poll::Ready(Ok(())) => Some(Ending::Finished),
            Poll::Ready(Err(error)) => {
                tracing::debug!(%error, "a connection ended with an error");
                Some(Ending::Failed)
            }
        }
    }
}
