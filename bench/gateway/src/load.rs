//! The load: a fixed number of keep-alive connections, each with one request at a time.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::future::try_join_all;
use hdrhistogram::Histogram;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::requests::Requests;
use crate::response;

/// Maximum latency of the histogram: a minute in nanoseconds. Envoy's timeouts are shorter.
const LONGEST: u64 = 60_000_000_000;
/// Maximum wait for the last responses. A longer one is a fault and not a latency.
const PATIENCE: Duration = Duration::from_secs(20);

/// Connections to one listener.
#[derive(Debug)]
pub(crate) struct Load {
    connections: Vec<RefCell<TcpStream>>,
}

/// The latencies of a load.
#[derive(Debug)]
pub(crate) struct Latencies {
    /// In nanoseconds.
    pub(crate) histogram: Histogram<u64>,
    pub(crate) elapsed: Duration,
}

impl Load {
    pub(crate) async fn connect(address: SocketAddr, connections: u16) -> anyhow::Result<Self> {
        let connect = || async move {
            let stream = TcpStream::connect(address)
                .await
                .with_context(|| format!("connecting to {address}"))?;
            stream.set_nodelay(true)?;
            anyhow::Ok(RefCell::new(stream))
        };
        Ok(Self {
            connections: try_join_all((0..connections).map(|_| connect())).await?,
        })
    }

    /// Sends requests until `duration` is over or there are no more. A status other than 200 is an
    /// error, because denials are cheaper than the measured requests.
    pub(crate) async fn drive(
        &self,
        requests: &Requests,
        duration: Duration,
    ) -> anyhow::Result<Latencies> {
        let histogram = RefCell::new(Histogram::new_with_bounds(1000, LONGEST, 3)?);
        let started = Instant::now();
        let until = started + duration;
        let connections = self
            .connections
            .iter()
            .map(|stream| exchange(stream, requests, until, &histogram));
        tokio::time::timeout(duration + PATIENCE, try_join_all(connections))
            .await
            .with_context(|| format!("a response did not come within {PATIENCE:?}"))??;
        Ok(Latencies {
            histogram: histogram.into_inner(),
            elapsed: started.elapsed(),
        })
    }
}

#[expect(clippy::await_holding_refcell_ref, reason = "each stream has one user")]
async fn exchange(
    stream: &RefCell<TcpStream>,
    requests: &Requests,
    until: Instant,
    histogram: &RefCell<Histogram<u64>>,
) -> anyhow::Result<()> {
    let mut stream = stream.borrow_mut();
    let mut buffer = Vec::with_capacity(4096);
    let mut sent = Instant::now();
    while sent < until {
        let Some(request) = requests.take() else {
            break;
        };
        stream.write_all(request).await?;
        let status = response::read(&mut stream, &mut buffer).await?;
        ensure!(
            status == 200,
            "a response is {status}: {}",
            String::from_utf8_lossy(&buffer)
        );
        let received = Instant::now();
        let nanoseconds = u64::try_from((received - sent).as_nanos())?;
        histogram.borrow_mut().saturating_record(nanoseconds);
        sent = received;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use portcullis_bench::{IssuerKey, NOW};
    use tokio::net::TcpListener;

    use super::Load;
    use crate::requests::Requests;
    use crate::upstream::{OK, respond};

    const DENIED: &str = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";

    async fn driven(response: &'static str) -> anyhow::Result<u64> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(respond(listener, response.as_bytes()));
        let requests = Requests::in_turn(&IssuerKey::es256()?, NOW, 2)?;
        let load = Load::connect(address, 3).await?;
        Ok(load
            .drive(&requests, Duration::from_millis(50))
            .await?
            .histogram
            .len())
    }

    #[tokio::test]
    async fn load_counts_every_response() {
        assert!(driven(OK).await.unwrap() > 3);
    }

    #[tokio::test]
    async fn denial_ends_the_measurement() {
        let error = driven(DENIED).await.unwrap_err();
        assert!(
            error.to_string().starts_with("a response is 403"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn load_ends_when_requests_run_out() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(respond(listener, OK.as_bytes()));
        let requests = Requests::once(&IssuerKey::es256().unwrap(), NOW, 5).unwrap();
        let load = Load::connect(address, 2).await.unwrap();
        let latencies = load.drive(&requests, Duration::from_mins(1)).await.unwrap();
        assert_eq!(latencies.histogram.len(), 5);
        assert!(latencies.elapsed < Duration::from_secs(20));
    }
}
