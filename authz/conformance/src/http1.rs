//! An HTTP/1.1 connection that sends raw bytes. A client library would normalize them.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::answer::{Answer, Reply};

/// Maximum bytes of an answer. Gateways and the echo send less.
const ANSWER_LIMIT: usize = 256 * 1024;

/// A connection with its unread bytes.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    incoming: Vec<u8>,
    closing: bool,
}

/// The way in which the end of a body is marked.
#[derive(Clone, Copy)]
enum Framing {
    Length(usize),
    Chunked,
    UntilClosed,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            incoming: Vec::new(),
            closing: false,
        })
    }

    /// Whether the connection can send another request and recognize its answer.
    pub(crate) fn is_usable(&self) -> bool {
        !self.closing && self.incoming.is_empty()
    }

    /// Whether the peer closes or has closed the connection.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing
    }

    /// Sends bytes. Reading the answer reports a peer that has closed the connection.
    pub(crate) async fn send(&mut self, bytes: &[u8], deadline: Instant) {
        let sent = timeout_at(deadline, self.stream.write_all(bytes)).await;
        if !matches!(sent, Ok(Ok(()))) {
            self.closing = true;
        }
    }

    /// Reads the next final answer.
    pub(crate) async fn answer(&mut self, deadline: Instant) -> Reply {
        loop {
            let reply = match timeout_at(deadline, self.any_answer()).await {
                Ok(Some(answer)) => Reply::Answer(answer),
                Ok(None) => Reply::Closed,
                Err(_) => Reply::Silent,
            };
            // 101 ends HTTP on this connection. Other 1xx answers precede the final one.
            match reply.answer().map(|answer| answer.status) {
                Some(100 | 102..=199) => {}
                Some(101) | None => {
                    self.closing = true;
                    return reply;
                }
                Some(_) => return reply,
            }
        }
    }

    async fn any_answer(&mut self) -> Option<Answer> {
        let end = loop {
            if let Some(at) = self
                .incoming
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            {
                break at + 4;
            }
            self.read_more().await?;
        };
        let head = String::from_utf8_lossy(self.incoming.get(..end)?).to_ascii_lowercase();
        self.incoming.drain(..end);
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let field = |name: &str| {
            head.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                .map(str::trim)
        };
        self.closing |= field("connection").is_some_and(|value| value.contains("close"));
        let framing = match (field("transfer-encoding"), field("content-length")) {
            _ if matches!(status, 100..=199 | 204 | 304) => Framing::Length(0),
            (Some(_), _) => Framing::Chunked,
            (None, Some(length)) => Framing::Length(length.parse().ok()?),
            (None, None) => Framing::UntilClosed,
        };
        Some(Answer {
            status,
            body: self.body(framing).await?,
        })
    }

    async fn body(&mut self, framing: Framing) -> Option<Vec<u8>> {
        match framing {
            Framing::Length(length) => self.take(length).await,
            Framing::UntilClosed => {
                while self.read_more().await.is_some() {}
                self.closing = true;
                Some(std::mem::take(&mut self.incoming))
            }
            Framing::Chunked => {
                let mut body = Vec::new();
                loop {
                    let line = self.line().await?;
                    let length = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
                    body.extend(self.take(length).await?);
                    if length == 0 {
                        while !self.line().await?.is_empty() {}
                        return Some(body);
                    }
                    self.take(2).await?;
                }
            }
        }
    }

    async fn line(&mut self) -> Option<String> {
        let end = loop {
            if let Some(at) = self.incoming.iter().position(|byte| *byte == b'\n') {
                break at + 1;
            }
            self.read_more().await?;
        };
        let line: Vec<u8> = self.incoming.drain(..end).collect();
        Some(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    async fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.incoming.len() < length {
            self.read_more().await?;
        }
        Some(self.incoming.drain(..length).collect())
    }

    async fn read_more(&mut self) -> Option<()> {
        match self.stream.read_buf(&mut self.incoming).await {
            Ok(1..) if self.incoming.len() <= ANSWER_LIMIT => Some(()),
            _ => {
                self.closing = true;
                None
            }
        }
    }
}
