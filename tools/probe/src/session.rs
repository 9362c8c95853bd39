use std::io::{BufRead, BufReader, Error, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Maximum bytes of a body, larger than every expected one. It keeps a peer from filling the
/// memory.
const LONGEST_BODY: u64 = 1 << 20;
const LONGEST_HEAD: u64 = 1 << 16;

/// A keep-alive connection of HTTP/1.1.
pub(crate) struct Session(BufReader<TcpStream>);

/// The response to one request. Its body is read and dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Whether the server will close the connection.
    pub(crate) last: bool,
}

impl Session {
    pub(crate) fn open(address: SocketAddr, limit: Duration) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, limit)?;
        stream.set_read_timeout(Some(limit))?;
        stream.set_write_timeout(Some(limit))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    pub(crate) fn ask(&mut self, request: &[u8]) -> Result<Reply> {
        self.0.get_mut().write_all(request)?;
        read_reply(&mut self.0)
    }
}

fn read_reply(from: &mut impl BufRead) -> Result<Reply> {
    let mut head = from.by_ref().take(LONGEST_HEAD);
    let first = line(&mut head)?;
    let status = first
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3)?.parse().ok());
    let mut reply = Reply {
        status: status.ok_or_else(|| Error::other("the answer is not HTTP/1.1"))?,
        last: false,
    };
    let mut length = None;
    let mut chunked = false;
    loop {
        let text = line(&mut head)?;
        let Some((name, value)) = text.split_once(':') else {
            break;
        };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = Some(value.parse::<u64>().map_err(Error::other)?),
            "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
            "connection" => reply.last = value.eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
    match length {
        _ if chunked => skip_chunks(from)?,
        _ if matches!(reply.status, 204 | 304) => {}
        Some(length) => skip(from, length)?,
        None => return Err(Error::other("the answer has a body without a length")),
    }
    Ok(reply)
}

fn skip_chunks(from: &mut impl BufRead) -> Result<()> {
    loop {
        let size = u64::from_str_radix(line(from)?.trim(), 16).map_err(Error::other)?;
        skip(from, size)?;
        line(from)?;
        if size == 0 {
            return Ok(());
        }
    }
}

fn skip(from: &mut impl Read, length: u64) -> Result<()> {
    if length > LONGEST_BODY {
        return Err(Error::other("the answer is too long"));
    }
    let found = std::io::copy(&mut from.take(length), &mut std::io::sink())?;
    if found == length {
        Ok(())
    } else {
        Err(Error::other("the connection closed within an answer"))
    }
}

/// Reads a line and removes its end. Fails if the connection ends first.
fn line(from: &mut impl BufRead) -> Result<String> {
    let mut text = String::new();
    from.take(LONGEST_HEAD).read_line(&mut text)?;
    match text.strip_suffix('\n') {
        Some(whole) => Ok(whole.trim_end_matches('\r').to_owned()),
        None => Err(Error::other(if text.is_empty() {
            "the connection closed"
        } else {
            "half an answer"
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::{Reply, read_reply};

    #[test]
    fn response_ends_at_its_length() {
        struct Case {
            name: &'static str,
            text: &'static str,
            status: u16,
            last: bool,
        }

        let rest = "HTTP/1.1 503 x\r\n";
        for Case {
            name,
            text,
            status,
            last,
        } in [
            Case {
                name: "length",
                text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                status: 200,
                last: false,
            },
            Case {
                name: "connection closes",
                text: "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                status: 401,
                last: true,
            },
            Case {
                name: "no content",
                text: "HTTP/1.1 204 No Content\r\n\r\n",
                status: 204,
                last: false,
            },
            Case {
                name: "chunks",
                text: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
                status: 200,
                last: false,
            },
        ] {
            let bytes = format!("{text}{rest}");
            let mut from = bytes.as_bytes();
            assert_eq!(
                read_reply(&mut from).unwrap(),
                Reply { status, last },
                "{name}: {text}"
            );
            assert_eq!(from, rest.as_bytes(), "{name}: {text}");
        }
    }

    #[test]
    fn incomplete_response_is_an_error() {
        for text in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok",
            "SSH-2.0-x\r\n",
        ] {
            assert!(read_reply(&mut text.as_bytes()).is_err(), "{text}");
        }
    }
}
