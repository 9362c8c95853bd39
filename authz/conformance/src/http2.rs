//! An HTTP/2 connection that sends hand-made frames. A client library would reject most of them.

mod compression;
mod frame;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use self::frame::{Frame, Kind};
use crate::answer::{Answer, Reply};
use crate::case::Part;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Timeout for the answer to the PING behind a stream. After an error, a peer such as Envoy may
/// answer nothing and keep the connection for another second, unless the client closes its side
/// first.
const PING_TIMEOUT: Duration = Duration::from_millis(250);

/// A connection with one stream at a time.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    incoming: Vec<u8>,
    next_stream: u32,
    closing: bool,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        // No push, and no dynamic table for answers, so that each status can be decoded alone.
        let settings = frame::settings(&[(1, 0), (2, 0), (4, 1 << 20)]);
        stream
            .write_all(&[PREFACE, &settings, &frame::window_update(1 << 30)].concat())
            .await?;
        Ok(Self {
            stream,
            incoming: Vec::new(),
            next_stream: 1,
            closing: false,
        })
    }

    /// Whether another stream can be opened.
    pub(crate) fn is_usable(&self) -> bool {
        !self.closing
    }

    /// Sends the frames of one stream and waits for the reply.
    pub(crate) async fn exchange(&mut self, parts: &[Part], deadline: Instant) -> Reply {
        let id = self.next_stream;
        self.next_stream += 2;
        let mut bytes: Vec<u8> = parts
            .iter()
            .flat_map(|part| frame::encode(part, id))
            .collect();
        bytes.extend(frame::ping(id));
        // Reading the answer reports a peer that has closed the connection.
        self.closing |= !matches!(
            timeout_at(deadline, self.stream.write_all(&bytes)).await,
            Ok(Ok(()))
        );
        let reply = self.answer(id, deadline).await;
        // A late answer on this stream must not count for the next stream.
        self.closing |= reply == Reply::Silent;
        reply
    }

    async fn answer(&mut self, id: u32, deadline: Instant) -> Reply {
        let mut answer = Answer::default();
        let mut ping_deadline = Some(deadline.min(Instant::now() + PING_TIMEOUT));
        loop {
            let frame = match timeout_at(ping_deadline.unwrap_or(deadline), self.frame()).await {
                Ok(Some(frame)) => frame,
                Ok(None) => {
                    self.closing = true;
                    return Reply::Closed;
                }
                Err(_) if ping_deadline.take().is_some() => {
                    self.closing = true;
                    let _closed = self.stream.shutdown().await;
                    continue;
                }
                Err(_) => return Reply::Silent,
            };
            match frame.kind {
                Kind::Settings if !frame.is_acknowledgement() => {
                    self.reply(&frame::settings_acknowledgement()).await;
                }
                Kind::Ping if !frame.is_acknowledgement() => {
                    self.reply(&frame::pong(&frame.payload)).await;
                }
                Kind::Ping if frame.answers_ping(id) => ping_deadline = None,
                Kind::GoAway => {
                    self.closing = true;
                    // A connection error is the reply. The peer may close the connection a second
                    // later.
                    if frame.is_connection_error() {
                        return Reply::Closed;
                    }
                }
                Kind::Reset if frame.stream == id => return Reply::Closed,
                Kind::Headers if frame.stream == id => {
                    if let Some(status @ 200..) = compression::status(frame.fields()) {
                        answer.status = status;
                    }
                }
                Kind::Data if frame.stream == id => answer.body.extend_from_slice(&frame.payload),
                _ => {}
            }
            if frame.stream == id && frame.ends_stream() {
                return Reply::Answer(answer);
            }
        }
    }

    async fn reply(&mut self, bytes: &[u8]) {
        self.closing |= self.stream.write_all(bytes).await.is_err();
    }

    async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, length)) = Frame::parse(&self.incoming) {
                self.incoming.drain(..length);
                return Some(frame);
            }
            if !matches!(self.stream.read_buf(&mut self.incoming).await, Ok(1..)) {
                return None;
            }
        }
    }
}
