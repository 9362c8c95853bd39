use std::io::{Error, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::string::FromUtf8Error;
use std::time::{Duration, Instant};

use crate::tls;

/// Maximum bytes of a response, larger than every page that is read. It keeps a peer from filling
/// the memory.
pub(crate) const LONGEST_ANSWER: u64 = 8 << 20;

/// The response to one request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

/// Connects, sends one request, and reads the whole response, all within `limit`.
pub(crate) fn ask(
    address: SocketAddr,
    request: &Request<'_>,
    limit: Duration,
) -> std::io::Result<Answer> {
    let start = Instant::now();
    let stream = TcpStream::connect_timeout(&address, limit)?;
    request.send(stream, limit.saturating_sub(start.elapsed()))
}

/// [`ask`] over TLS with any certificate. Each read and each write may take `limit`.
pub(crate) fn ask_securely(
    address: SocketAddr,
    request: &Request<'_>,
    limit: Duration,
) -> std::io::Result<Answer> {
    let stream = limited(TcpStream::connect_timeout(&address, limit)?, limit)?;
    let host = request
        .authority
        .rsplit_once(':')
        .map_or(request.authority, |(host, _)| host);
    request.exchange(tls::with_any_certificate(
        stream,
        host.trim_matches(['[', ']']),
    )?)
}

fn limited(stream: TcpStream, limit: Duration) -> std::io::Result<TcpStream> {
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    Ok(stream)
}

/// A connection with a deadline. Without it a peer could send single bytes for ever.
struct Timed {
    stream: TcpStream,
    until: Instant,
}

impl Timed {
    fn left(&self) -> std::io::Result<Option<Duration>> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            Err(ErrorKind::TimedOut.into())
        } else {
            Ok(Some(left))
        }
    }
}

impl Read for Timed {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(bytes)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}

/// One HTTP/1.1 request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) authority: &'a str,
    pub(crate) path: &'a str,
    /// Whole header lines, each with its end of line.
    pub(crate) headers: &'a str,
}

impl Request<'_> {
    pub(crate) fn send(&self, stream: TcpStream, limit: Duration) -> std::io::Result<Answer> {
        self.exchange(Timed {
            stream,
            until: Instant::now() + limit,
        })
    }

    fn exchange(&self, mut stream: impl Read + Write) -> std::io::Result<Answer> {
        let Self {
            method,
            authority,
            path,
            headers,
        } = self;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {authority}\r\n{headers}\
             Connection: close\r\nContent-Length: 0\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        let mut bytes = Vec::new();
        match stream.take(LONGEST_ANSWER).read_to_end(&mut bytes) {
            // The peer closed TLS without close_notify. The status is complete all the same.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof && !bytes.is_empty() => {}
            outcome => drop(outcome?),
        }
        let lossy = |error: FromUtf8Error| String::from_utf8_lossy(error.as_bytes()).into_owned();
        let text = String::from_utf8(bytes).unwrap_or_else(lossy);
        let status = text
            .strip_prefix("HTTP/1.")
            .and_then(|rest| rest.split(' ').nth(1))
            .and_then(|word| word.parse().ok());
        Ok(Answer {
            status: status.ok_or_else(|| Error::other("the answer is not HTTP/1"))?,
            text,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use rustls::pki_types::PrivateKeyDer;
    use rustls::{ServerConfig, ServerConnection, StreamOwned};

    use super::{Request, ask, ask_securely};

    /// Answers one request over TLS with an untrusted certificate.
    fn untrusted_server(sends_close_notify: bool) -> std::net::SocketAddr {
        let made = rcgen::generate_simple_self_signed(["authz.example".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap();
        let config = config
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut stream =
                StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream);
            if stream.read(&mut [0; 4096]).is_err() {
                return;
            }
            stream
                .write_all(b"HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n")
                .unwrap();
            if sends_close_notify {
                stream.conn.send_close_notify();
            }
            stream.flush().unwrap();
        });
        address
    }

    #[test]
    fn slow_answer_ends_at_the_limit() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for byte in b"HTTP/1.1 200 OK\r\n\r\n".iter().cycle().take(100) {
                if stream.write_all(&[*byte]).is_err() {
                    return;
                }
                #[expect(clippy::disallowed_methods, reason = "a thread of the test")]
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let request = Request {
            method: "GET",
            authority: "slow",
            path: "/",
            headers: "",
        };
        let start = Instant::now();
        ask(address, &request, Duration::from_millis(200)).unwrap_err();
        let took = start.elapsed();
        assert!((200..1000).contains(&took.as_millis()), "{took:?}");
    }

    #[test]
    fn tls_accepts_an_untrusted_certificate() {
        let request = Request {
            method: "GET",
            authority: "authz.example:443",
            path: "/",
            headers: "",
        };
        let limit = Duration::from_secs(10);
        for sends_close_notify in [true, false] {
            assert_eq!(
                ask_securely(untrusted_server(sends_close_notify), &request, limit)
                    .unwrap()
                    .status,
                401,
                "close_notify {sends_close_notify}"
            );
        }
        ask(untrusted_server(true), &request, limit).unwrap_err();
    }
}
