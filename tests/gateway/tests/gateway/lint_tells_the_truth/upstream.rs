//! A service that answers with the bytes it received.

use std::sync::{Arc, Mutex, OnceLock};

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// An upstream, which runs until the runtime ends.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    pub(crate) port: u16,
    received: Arc<Mutex<String>>,
    /// The `Date` of its answers. A cache keeps no answer without one.
    date: Arc<OnceLock<String>>,
}

impl Upstream {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let upstream = Self {
            port: listener.local_addr()?.port(),
            received: Arc::default(),
            date: Arc::default(),
        };
        let served = upstream.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let served = served.clone();
                tokio::spawn(async move { served.serve(connection).await });
            }
        });
        Ok(upstream)
    }

    /// Sets the `Date` of all later answers, once.
    pub(crate) fn tell_date(&self, date: &str) {
        let _first = self.date.set(date.to_owned());
    }

    /// Returns the bytes of all requests, in lower case.
    pub(crate) fn received(&self) -> String {
        self.received
            .lock()
            .map(|received| received.clone())
            .unwrap_or_default()
    }

    fn date_line(&self) -> String {
        self.date
            .get()
            .map(|date| format!("\r\ndate: {date}"))
            .unwrap_or_default()
    }

    async fn serve(&self, mut connection: TcpStream) -> anyhow::Result<()> {
        while let Some(request) = next_request(&mut connection).await? {
            self.received
                .lock()
                .ok()
                .context("the record")?
                .push_str(&request.to_lowercase());
            let location = request
                .lines()
                .find_map(|line| line.strip_prefix("x-echo-location: "));
            let head = match location.filter(|_| !request.contains("x-envoy-original-url")) {
                Some(location) => format!("HTTP/1.1 302 Found\r\nlocation: {location}"),
                None => format!(
                    "HTTP/1.1 200 OK\r\ncache-control: max-age=600{}",
                    self.date_line()
                ),
            };
            let answer = format!(
                "{head}\r\ncontent-length: {}\r\n\r\n{request}",
                request.len()
            );
            connection.write_all(answer.as_bytes()).await?;
        }
        Ok(())
    }
}

/// Reads a request without a body, or with a chunked body and its trailers.
async fn next_request(connection: &mut TcpStream) -> anyhow::Result<Option<String>> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let is_chunked = head.to_lowercase().contains("transfer-encoding: chunked");
            let ends = format!("\r\n{body}");
            if !is_chunked || (ends.contains("\r\n0\r\n") && ends.ends_with("\r\n\r\n")) {
                return Ok(Some(text));
            }
        }
        if connection.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}
