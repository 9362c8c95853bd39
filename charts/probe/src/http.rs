use std::io::{Error, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// More than any page that is read here, so that a peer cannot fill the memory.
const LONGEST_ANSWER: u64 = 1 << 20;

/// The answer to one request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

/// Connects, asks once, and reads to the end.
pub(crate) fn ask(address: SocketAddr, request: &Request<'_>, limit: Duration) -> std::io::Result<Answer> {
    request.send(TcpStream::connect_timeout(&address, limit)?, limit)
}

/// One request of HTTP/1.1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) authority: &'a str,
    pub(crate) path: &'a str,
    /// Whole header lines, each with its end of line.
    pub(crate) headers: &'a str,
}

impl Request<'_> {
    pub(crate) fn send(&self, mut stream: TcpStream, limit: Duration) -> std::io::Result<Answer> {
        stream.set_read_timeout(Some(limit))?;
        stream.set_write_timeout(Some(limit))?;
        let Self { method, authority, path, headers } = self;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {authority}\r\n{headers}Connection: close\r\nContent-Length: 0\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        let mut bytes = Vec::new();
        stream.take(LONGEST_ANSWER).read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let status =
            text.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)).and_then(|word| word.parse().ok());
        Ok(Answer { status: status.ok_or_else(|| Error::other("the answer is not HTTP/1"))?, text })
    }
}
