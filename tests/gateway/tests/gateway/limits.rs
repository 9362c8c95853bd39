//! Limits that Envoy enforces itself, and protocols that the gateway does not offer.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test and its helpers may fail by panicking"
)]

use std::time::Duration;

use anyhow::Context;
use dev_stack::Stack;
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

const ENVOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../envoy");

#[tokio::test(flavor = "multi_thread")]
async fn headers_beyond_the_limits_end_only_their_stream() -> anyhow::Result<()> {
    struct Case {
        name: &'static str,
        count: usize,
        length: usize,
    }

    let stack = Stack::start_apart().await?;
    let url = format!("{}/api/me", stack.gateway());
    let http1 = Client::builder().no_proxy().http1_only().build()?;
    let http2 = Client::builder()
        .no_proxy()
        .http2_prior_knowledge()
        .build()?;
    let good = |client: &Client| client.get(&url).header("x-usual", "a".repeat(1000));
    for (client, version) in [(&http1, "HTTP/1.1"), (&http2, "HTTP/2")] {
        for Case {
            name,
            count,
            length,
        } in [
            Case {
                name: "too many",
                count: 100,
                length: 1,
            },
            Case {
                name: "too large",
                count: 1,
                length: 33 * 1024,
            },
            Case {
                name: "many cookies",
                count: 90,
                length: 400,
            },
        ] {
            let mut request = client.get(&url);
            for number in 0..count {
                let name = if name == "many cookies" {
                    "cookie".to_owned()
                } else {
                    format!("x-{number}")
                };
                request = request.header(name, format!("a={}", "b".repeat(length)));
            }
            match request.send().await {
                Ok(response) => {
                    assert_eq!(response.status().as_u16(), 431, "{name} over {version}");
                }
                Err(error) => assert!(
                    version == "HTTP/2" && error.is_request(),
                    "{name} over {version}: {error:?}"
                ),
            }
            // The authz server decides the next request.
            assert_eq!(
                good(client).send().await?.status(),
                StatusCode::UNAUTHORIZED,
                "after {name} over {version}"
            );
        }
    }
    stack.stop().await
}

/// Returns an HTTP/2 frame (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// CVE-2024-27919, CVE-2024-30255: CONTINUATION frames without end.
///
/// Their headers are cookies, which Envoy did not count (CVE-2026-47774).
#[tokio::test(flavor = "multi_thread")]
async fn endless_continuation_frames_are_cut_off() -> anyhow::Result<()> {
    const FRAMES: usize = 4096;
    let stack = Stack::start_apart().await?;
    let mut connection = TcpStream::connect(stack.gateway_address()).await?;
    let headers = 1;
    let continuation = 9;
    let settings = 4;
    // HPACK: GET, `/` and `http` from the static table, then literals without indexing.
    let begin = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(settings, 0, 0, &[]),
        frame(headers, 0, 1, &[0x82, 0x84, 0x86]),
    ];
    connection.write_all(&begin.concat()).await?;
    let cookie = [&[0x00, 6][..], b"cookie", &[100], &[b'c'; 100]].concat();
    let more = frame(continuation, 0, 1, &cookie.repeat(100));
    let mut sent = 0;
    while sent < FRAMES && connection.write_all(&more).await.is_ok() {
        sent += 1;
    }
    assert!(sent < FRAMES, "Envoy read all {sent} frames");
    let good = stack
        .http()
        .get(format!("{}/api/me", stack.gateway()))
        .send()
        .await?;
    assert_eq!(
        good.status(),
        StatusCode::UNAUTHORIZED,
        "the gateway still answers"
    );
    stack.stop().await
}

#[test]
fn gateway_has_no_http3_listener() {
    let text = std::fs::read_to_string(format!("{ENVOY}/listeners.yaml")).unwrap();
    for word in [
        "udp_listener_config",
        "quic",
        "http3",
        "HTTP3",
        "protocol: UDP",
    ] {
        assert!(!text.contains(word), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn access_log_stays_one_object_a_line_for_any_request() -> anyhow::Result<()> {
    let stack = Stack::start_apart().await?;
    let mut connection = TcpStream::connect(stack.gateway_address()).await?;
    let path = "/nowhere/%0a%22%7d{\"status\":200}\"'";
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: \"authz server\"\r\n\
         User-Agent: \"}}\t{{\"status\":\"200\"\r\nX-Request-Id: \"}}{{\"\r\n\
         Connection: close\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).await?;
    connection.read_to_end(&mut Vec::new()).await?;
    let started = Instant::now();
    let line = loop {
        let log = std::fs::read_to_string(stack.state().join("envoy.log"))?;
        if let Some(line) = log
            .lines()
            .find(|line| line.contains("/nowhere/") || line.contains("\"status\":400"))
        {
            break line.to_owned();
        }
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "the request is not logged"
        );
        sleep(Duration::from_millis(50)).await;
    };
    let entry: Value = serde_json::from_str(&line).context(line.clone())?;
    assert!(
        entry["status"].as_u64().is_some_and(|status| status >= 400),
        "{line}"
    );
    stack.stop().await
}
