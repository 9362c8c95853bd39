//! Reads one response at a time from a keep-alive connection.

use std::str;

use anyhow::{Context, bail, ensure};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Maximum number of headers, more than Envoy's and the upstream's.
const MOST_HEADERS: usize = 64;
/// Maximum bytes of a response, more than a denial with its problem takes.
const MOST_BYTES: usize = 64 * 1024;

/// Reads one response into `buffer`, whose earlier contents are lost, and returns its status.
pub(crate) async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<u16> {
    buffer.clear();
    loop {
        ensure!(
            stream.read_buf(buffer).await? > 0,
            "the gateway closed the connection"
        );
        if let Some(Response { status, length }) = parsed(buffer)? {
            ensure!(
                length >= buffer.len(),
                "more bytes follow the response than its length says"
            );
            if buffer.len() == length {
                return Ok(status);
            }
        }
        ensure!(
            buffer.len() < MOST_BYTES,
            "a response is larger than {MOST_BYTES} bytes"
        );
    }
}

struct Response {
    status: u16,
    /// Head and body together.
    length: usize,
}

/// Parses the head of a response. `None` while it is incomplete.
fn parsed(bytes: &[u8]) -> anyhow::Result<Option<Response>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(bytes)? else {
        return Ok(None);
    };
    let status = response.code.context("a response has no status")?;
    let length = response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let Some(length) = length else {
        bail!("a response ({status}) has no content-length")
    };
    let body: usize = str::from_utf8(length.value)?
        .parse()
        .context("content-length")?;
    Ok(Some(Response {
        status,
        length: head.saturating_add(body),
    }))
}

#[cfg(test)]
mod tests {
    use super::parsed;

    #[test]
    fn responses_are_read_to_their_length() {
        let head = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\n";
        let response = parsed(format!("{head}abc").as_bytes()).unwrap().unwrap();
        assert_eq!((response.status, response.length), (401, head.len() + 3));
        assert!(parsed(&head.as_bytes()[..20]).unwrap().is_none());
    }

    #[test]
    fn responses_without_a_length_are_errors() {
        for (name, bytes) in [
            (
                "chunked",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            ),
            (
                "not a number",
                "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
            ),
            ("not HTTP", "SSH-2.0-OpenSSH\r\n\r\n"),
        ] {
            assert!(parsed(bytes.as_bytes()).is_err(), "{name}");
        }
    }
}
