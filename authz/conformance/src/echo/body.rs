//! Reads heads and bodies from a connection.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::head::{Head, Length};

/// Maximum bytes of a head. No gateway accepts more by default, so the echo sees what gateways
/// accept.
const HEAD_LIMIT: usize = 512 * 1024;

/// A connection with its unread bytes.
#[derive(Debug)]
pub(super) struct Incoming {
    stream: TcpStream,
    bytes: Vec<u8>,
}

/// The trailers and ambiguities of a chunked body.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    pub(super) trailers: Vec<u8>,
    pub(super) ambiguities: Vec<String>,
}

impl Incoming {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            bytes: Vec::new(),
        }
    }

    /// Reads the next head; `None` at the end of the connection.
    pub(super) async fn head(&mut self) -> Option<Vec<u8>> {
        loop {
            // Skips empty lines before a request (RFC 9112 §2.2).
            let empty = self
                .bytes
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
            self.bytes.drain(..empty);
            if let Some(end) = Head::end(&self.bytes) {
                return Some(self.bytes.drain(..end).collect());
            }
            self.read().await?;
        }
    }

    /// The bytes of an unfinished head.
    pub(super) fn rest(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) async fn body(&mut self, length: Length) -> Option<Chunks> {
        let mut chunks = Chunks::default();
        match length {
            Length::Bytes(length) => self.skip(length).await?,
            Length::Chunked => loop {
                let line = self.line().await?;
                let text = String::from_utf8_lossy(&line).into_owned();
                let digits = text.trim_end_matches(['\r', '\n']);
                if !text.ends_with("\r\n")
                    || digits.is_empty()
                    || !digits.bytes().all(|byte| byte.is_ascii_hexdigit())
                {
                    chunks
                        .ambiguities
                        .push("a chunk size that is not only a number".to_owned());
                }
                let digits = digits.split(';').next().unwrap_or_default().trim();
                let size = usize::from_str_radix(digits, 16).ok()?;
                if size == 0 {
                    break;
                }
                self.skip(size).await?;
                if self.line().await? != b"\r\n" {
                    chunks
                        .ambiguities
                        .push("a chunk longer than its size".to_owned());
                }
            },
        }
        if length == Length::Chunked {
            loop {
                let line = self.line().await?;
                if line == b"\r\n" || line == b"\n" {
                    break;
                }
                chunks.trailers.extend_from_slice(&line);
            }
        }
        Some(chunks)
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Option<()> {
        self.stream.write_all(bytes).await.ok()
    }

    async fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.bytes.iter().position(|byte| *byte == b'\n') {
                return Some(self.bytes.drain(..=at).collect());
            }
            self.read().await?;
        }
    }

    async fn skip(&mut self, mut length: usize) -> Option<()> {
        loop {
            let skipped = length.min(self.bytes.len());
            self.bytes.drain(..skipped);
            length -= skipped;
            if length == 0 {
                return Some(());
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Option<()> {
        if self.bytes.len() > HEAD_LIMIT {
            return None;
        }
        matches!(self.stream.read_buf(&mut self.bytes).await, Ok(1..)).then_some(())
    }
}
