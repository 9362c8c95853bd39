use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::activity::Activity;

/// Maximum number of bytes that wait for the end of a poll. A full buffer is written earlier.
const MAX_WAITING: usize = 64 * 1024;
/// Capacity that an empty buffer keeps. A reply of the authz server takes 1 to 3 KiB.
const KEPT_CAPACITY: usize = 16 * 1024;

/// A connection's socket that collects writes until the end of a poll.
///
/// h2 flushes each DATA frame beyond 256 bytes by itself (`CHAIN_THRESHOLD` in its
/// `framed_write.rs`). The trailers of every gRPC reply would then take a system call, a packet and
/// a wake-up of Envoy of their own. Here a flush does nothing: [`Output::drain`] writes all bytes
/// in one call after the poll.
#[derive(Debug)]
pub(super) struct Corked<I> {
    inner: Arc<Mutex<Inner<I>>>,
    activity: Arc<Activity>,
}

/// The handle of [`Corked`] that writes to the socket.
#[derive(Debug)]
pub(crate) struct Output<I>(Arc<Mutex<Inner<I>>>);

#[derive(Debug)]
struct Inner<I> {
    io: I,
    waiting: Vec<u8>,
    written: usize,
}

/// Splits `io` into its two handles.
pub(super) fn cork<I>(io: I, activity: Arc<Activity>) -> (Corked<I>, Output<I>) {
    let inner = Arc::new(Mutex::new(Inner {
        io,
        waiting: Vec::new(),
        written: 0,
    }));
    (
        Corked {
            inner: Arc::clone(&inner),
            activity,
        },
        Output(inner),
    )
}

/// Locks `inner`. One task polls both handles, so the lock is never contended.
fn lock<I>(inner: &Mutex<Inner<I>>) -> MutexGuard<'_, Inner<I>> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<I: AsyncWrite + Unpin> Output<I> {
    /// Writes the waiting bytes.
    pub(super) fn drain(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.0).drain(cx)
    }
}

impl<I: AsyncWrite + Unpin> Inner<I> {
    fn drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self
            .waiting
            .get(self.written..)
            .filter(|rest| !rest.is_empty())
        {
            match ready!(Pin::new(&mut self.io).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written = self.written.saturating_add(count),
            }
        }
        if self.written > 0 {
            self.written = 0;
            self.waiting.clear();
            self.waiting.shrink_to(KEPT_CAPACITY);
            // TLS buffers records of its own.
            ready!(Pin::new(&mut self.io).poll_flush(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Number of bytes that fit. A full buffer is written first.
    fn room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.waiting.len() >= MAX_WAITING {
            ready!(self.drain(cx))?;
        }
        Poll::Ready(Ok(MAX_WAITING.saturating_sub(self.waiting.len())))
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Corked<I> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = to.filled().len();
        ready!(Pin::new(&mut lock(&self.inner).io).poll_read(cx, to))?;
        if to.filled().len() > before {
            self.activity.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Corked<I> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut inner = lock(&self.inner);
        let room = ready!(inner.room(cx))?;
        let taken = from.get(..room).unwrap_or(from);
        inner.waiting.extend_from_slice(taken);
        Poll::Ready(Ok(taken.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut inner = lock(&self.inner);
        let mut room = ready!(inner.room(cx))?;
        let before = room;
        for slice in from {
            let taken = slice.get(..room).unwrap_or(slice);
            inner.waiting.extend_from_slice(taken);
            room = room.saturating_sub(taken.len());
        }
        Poll::Ready(Ok(before.saturating_sub(room)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = lock(&self.inner);
        ready!(inner.drain(cx))?;
        Pin::new(&mut inner.io).poll_shutdown(cx)
    }
}
