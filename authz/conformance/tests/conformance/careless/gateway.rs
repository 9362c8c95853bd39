//! A gateway with one fault of each kind. Real gateways have had each of them.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

pub(crate) const TOKEN: &str = "opens-everything";

/// Timeout for an answer of the service, or for the rest of a request.
const LIMIT: Duration = Duration::from_millis(300);

/// Serves until the future is dropped.
pub(crate) async fn serve(listener: TcpListener, service: SocketAddr) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(async move {
            if let Ok(upstream) = TcpStream::connect(service).await {
                Connection {
                    client,
                    upstream,
                    incoming: Vec::new(),
                }
                .pass_all()
                .await;
            }
        });
    }
}

struct Connection {
    client: TcpStream,
    upstream: TcpStream,
    incoming: Vec<u8>,
}

impl Connection {
    async fn pass_all(mut self) {
        while let Ok(Some(answer)) = timeout(LIMIT, self.pass_one()).await {
            if self.client.write_all(&answer).await.is_err() {
                return;
            }
        }
    }

    /// Passes one request to the service and returns the answer.
    async fn pass_one(&mut self) -> Option<Vec<u8>> {
        let end = loop {
            if let Some(at) = self
                .incoming
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            {
                break at + 4;
            }
            self.read().await?;
        };
        let head: Vec<u8> = self.incoming.drain(..end).collect();
        // Decodes and encodes as Latin-1, which loses no byte.
        let head: String = head.iter().map(|byte| char::from(*byte)).collect();
        let mut lines = head.trim_end().split("\r\n");
        let request_line = lines.next()?;
        let headers: Vec<&str> = lines.collect();
        let value = |name: &str| {
            headers.iter().find_map(|line| {
                let (known, value) = line.split_once(':')?;
                known.eq_ignore_ascii_case(name).then_some(value.trim())
            })
        };
        // Fault: the gateway ignores Transfer-Encoding, but passes it to the service.
        let length = value("content-length")
            .and_then(|length| length.parse().ok())
            .unwrap_or(0);
        while self.incoming.len() < length {
            self.read().await?;
        }
        let body: Vec<u8> = self.incoming.drain(..length).collect();
        let target = request_line.split(' ').nth(1)?;
        // Fault: the gateway checks the raw path, and decodes it afterwards.
        let is_protected = target.starts_with("/orders") && !request_line.starts_with("OPTIONS ");
        if is_protected && value("authorization") != Some(&format!("Bearer {TOKEN}")) {
            return Some(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".to_vec());
        }
        let mut passed = format!(
            "{} {} HTTP/1.1\r\n",
            request_line.split(' ').next()?,
            target.replace("%6f", "o")
        );
        // Fault: the gateway does not remove X_User_OID.
        for line in headers
            .iter()
            .filter(|line| !line.to_ascii_lowercase().starts_with("x-user-"))
        {
            passed.push_str(line);
            passed.push_str("\r\n");
        }
        passed.push_str("\r\n");
        let mut bytes: Vec<u8> = passed
            .chars()
            .filter_map(|character| u8::try_from(character).ok())
            .collect();
        bytes.extend(body);
        self.upstream.write_all(&bytes).await.ok()?;
        self.answer().await
    }

    /// Reads an answer of the echo, which always has a Content-Length.
    async fn answer(&mut self) -> Option<Vec<u8>> {
        let mut answer = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&answer).to_ascii_lowercase();
            if let Some((head, _)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "));
                let whole =
                    head.len() + 4 + length.and_then(|length| length.parse().ok()).unwrap_or(0);
                if answer.len() >= whole {
                    return Some(answer);
                }
            }
            if self.upstream.read_buf(&mut answer).await.ok()? == 0 {
                return None;
            }
        }
    }

    async fn read(&mut self) -> Option<()> {
        (self.client.read_buf(&mut self.incoming).await.ok()? > 0).then_some(())
    }
}
