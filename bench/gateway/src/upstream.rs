//! The service behind Envoy, which answers every request with the same bytes.

use std::net::SocketAddr;
use std::thread;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

/// A list of two tasks.
pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\n\
    content-type: application/json\r\ncontent-length: 93\r\n\r\n\
    {\"items\":[{\"id\":\"1\",\"title\":\"Write\",\"done\":true},\
    {\"id\":\"2\",\"title\":\"Measure\",\"done\":false}]}\n";

/// Maximum bytes of a request, more than its token and the gateway's headers take.
const MOST_BYTES: usize = 64 * 1024;

/// Starts the upstream on a thread of its own, which ends with the process.
pub(crate) fn start() -> anyhow::Result<SocketAddr> {
    let listener =
        std::net::TcpListener::bind("127.0.0.1:0").context("listening for the upstream")?;
    let address = listener.local_addr()?;
    listener.set_nonblocking(true)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new()
        .name("upstream".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                match TcpListener::from_std(listener) {
                    Ok(listener) => respond(listener, OK.as_bytes()).await,
                    Err(error) => eprintln!("bench-gateway: the upstream cannot listen: {error}"),
                }
            });
        })?;
    Ok(address)
}

/// Sends `response` after the head of each request. Requests have no body.
pub(crate) async fn respond(listener: TcpListener, response: &'static [u8]) {
    while let Ok((stream, _)) = listener.accept().await {
        // The load notices a broken connection, so its error is dropped.
        tokio::spawn(async move { connection(stream, response).await.ok() });
    }
}

async fn connection(mut stream: TcpStream, response: &[u8]) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = Vec::with_capacity(8192);
    while stream.read_buf(&mut request).await? > 0 && request.len() < MOST_BYTES {
        if request.ends_with(b"\r\n\r\n") {
            request.clear();
            stream.write_all(response).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::OK;

    #[test]
    fn response_length_matches_its_body() {
        let (head, body) = OK.split_once("\r\n\r\n").unwrap();
        assert!(
            head.ends_with(&format!("content-length: {}", body.len())),
            "{}",
            body.len()
        );
    }
}
