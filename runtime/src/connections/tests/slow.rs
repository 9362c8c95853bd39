use std::sync::Arc;

use hyper::service::service_fn;
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Held, PATIENCE, answer, bound, closed, connected, get_path, limits, metric, patient};
use crate::connections::protocol::Http;
use crate::listener::Listener;
use crate::{ConnectionLimits, Process, serve_http2, serve_https};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// An incomplete HEADERS frame of stream 1.
fn half_headers() -> Vec<u8> {
    [PREFACE, SETTINGS, &[0, 0, 200, 1, 4, 0, 0, 0, 1, 0x82]].concat()
}

/// HEADERS of stream 1 without END_HEADERS, and CONTINUATION frames that never end them.
fn endless_continuation(frames: usize) -> Vec<u8> {
    let headers = [0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82];
    // A literal header without indexing, "a: b", again and again.
    let block = [0x00, 1, b'a', 1, b'b'].repeat(200);
    let length = u32::try_from(block.len()).unwrap().to_be_bytes();
    let continuation = [&length[1..], &[9, 0, 0, 0, 0, 1], &block].concat();
    [PREFACE, SETTINGS, &headers, &continuation.repeat(frames)].concat()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Port {
    Http,
    Http2Only,
    Tls,
}

async fn serve(port: Port, process: &Process) -> std::net::SocketAddr {
    let (socket, address) = bound().await;
    let process = process.clone();
    let listener = Listener::of_tcp("traffic", socket);
    match port {
        Port::Http => return Held::default().serve(&process).await,
        Port::Http2Only => drop(tokio::spawn(async move {
            let service =
                service_fn(|_| async { Ok(http::Response::new(axum::body::Body::empty())) });
            serve_http2(&process, listener, service).await;
        })),
        Port::Tls => drop(tokio::spawn(async move {
            serve_https(
                &process,
                listener,
                Held::default().router(),
                Arc::new(tls()),
            )
            .await;
        })),
    }
    address
}

fn tls() -> ServerConfig {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    config
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap()
}

#[tokio::test]
async fn unfinished_requests_are_closed() {
    struct Case {
        name: &'static str,
        port: Port,
        bytes: Vec<u8>,
    }

    let half_hello = [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3];
    for Case { name, port, bytes } in [
        Case {
            name: "nothing to HTTP",
            port: Port::Http,
            bytes: Vec::new(),
        },
        Case {
            name: "half a request line",
            port: Port::Http,
            bytes: b"GET / HT".to_vec(),
        },
        Case {
            name: "half a head",
            port: Port::Http,
            bytes: b"GET / HTTP/1.1\r\nHost: here\r\n".to_vec(),
        },
        Case {
            name: "the preface of HTTP/2 to HTTP",
            port: Port::Http,
            bytes: PREFACE.to_vec(),
        },
        Case {
            name: "nothing to HTTP/2",
            port: Port::Http2Only,
            bytes: Vec::new(),
        },
        Case {
            name: "half a preface",
            port: Port::Http2Only,
            bytes: PREFACE[..10].to_vec(),
        },
        Case {
            name: "a preface",
            port: Port::Http2Only,
            bytes: PREFACE.to_vec(),
        },
        Case {
            name: "no request",
            port: Port::Http2Only,
            bytes: [PREFACE, SETTINGS].concat(),
        },
        Case {
            name: "half a HEADERS frame",
            port: Port::Http2Only,
            bytes: half_headers(),
        },
        Case {
            name: "CONTINUATION without end",
            port: Port::Http2Only,
            bytes: endless_continuation(3),
        },
        Case {
            name: "HTTP/1.1 to HTTP/2",
            port: Port::Http2Only,
            bytes: b"GET / HTTP/1.1\r\nHost: here\r\n\r\n".to_vec(),
        },
        Case {
            name: "nothing to TLS",
            port: Port::Tls,
            bytes: Vec::new(),
        },
        Case {
            name: "half a ClientHello",
            port: Port::Tls,
            bytes: half_hello.to_vec(),
        },
    ] {
        let process = Process::detached().with_limits(limits(100));
        let address = serve(port, &process).await;
        closed(&mut connected(address, &bytes).await).await;
        metric(&process, "http_server_connections{listener=\"traffic\"} 0").await;
        println!("{name}: closed");
    }
}

#[tokio::test]
async fn unfinished_second_head_is_closed_before_the_idle_timeout() {
    let process = Process::detached().with_limits(ConnectionLimits {
        idle_timeout: PATIENCE * 9,
        ..limits(9)
    });
    let mut client = connected(Held::default().serve(&process).await, b"").await;
    assert!(
        get_path(&mut client, "/")
            .await
            .unwrap()
            .starts_with("HTTP/1.1 200")
    );
    client.write_all(b"GET / HTTP/1.1\r\nHo").await.unwrap();
    closed(&mut client).await;
    metric(
        &process,
        "http_server_connections_closed_total{listener=\"traffic\",reason=\"header_timeout\"} 1",
    )
    .await;
}

#[tokio::test]
async fn idle_connection_is_closed_and_one_in_use_is_not() {
    let held = Held::default();
    let process = Process::detached().with_limits(limits(9));
    let address = held.serve(&process).await;
    let mut busy = connected(address, b"GET /held HTTP/1.1\r\nHost: here\r\n\r\n").await;
    held.came.notified().await;
    let mut idle = connected(address, b"").await;
    assert!(
        get_path(&mut idle, "/")
            .await
            .unwrap()
            .starts_with("HTTP/1.1 200")
    );
    closed(&mut idle).await;
    metric(
        &process,
        "http_server_connections_closed_total{listener=\"traffic\",reason=\"idle_timeout\"} 1",
    )
    .await;
    held.go.notify_one();
    assert!(
        answer(&mut busy).await.unwrap().ends_with("let go\n"),
        "its request took longer than both limits"
    );
}

/// CONTINUATION floods (CVE-2024-27316 and related ones): the server keeps at most one head.
#[tokio::test]
async fn continuation_flood_ends_with_the_connection() {
    for port in [Port::Http, Port::Http2Only] {
        let process = Process::detached().with_limits(patient(9));
        let mut client: TcpStream = connected(serve(port, &process).await, b"").await;
        // 60 MB; the server must close before the end.
        let flood = endless_continuation(1);
        let (start, frame) = flood.split_at(flood.len() - 1009);
        client.write_all(start).await.unwrap();
        let sent = timeout(PATIENCE, async {
            for _ in 0..60_000 {
                client.write_all(frame).await?;
            }
            std::io::Result::Ok(())
        });
        assert!(
            sent.await.expect("the server reads or closes").is_err(),
            "{port:?} took all of it"
        );
        metric(&process, "http_server_connections{listener=\"traffic\"} 0").await;
    }
}

/// Rapid reset (CVE-2023-44487): a client that resets each request at once spends nothing on it.
#[tokio::test]
async fn requests_reset_at_once_end_the_connection() {
    let request = |stream: u32| {
        let stream = stream.to_be_bytes();
        let head = [0x82, 0x86, 0x84, 0x41, 4, b'h', b'e', b'r', b'e'];
        [
            &[0, 0, 9, 1, 5][..],
            &stream,
            &head,
            &[0, 0, 4, 3, 0],
            &stream,
            &[0, 0, 0, 8],
        ]
        .concat()
    };
    let requests: Vec<u8> = (0..2_000)
        .flat_map(|number| request(number * 2 + 1))
        .collect();
    for port in [Port::Http, Port::Http2Only] {
        let process = Process::detached().with_limits(patient(9));
        let mut client =
            connected(serve(port, &process).await, &[PREFACE, SETTINGS].concat()).await;
        let _cut = client.write_all(&requests).await;
        closed(&mut client).await;
        metric(&process, "http_server_connections{listener=\"traffic\"} 0").await;
    }
}

#[tokio::test]
async fn http1_head_beyond_the_maximum_is_rejected() {
    let process = Process::detached().with_limits(patient(9));
    let mut client = connected(
        Held::default().serve(&process).await,
        b"GET / HTTP/1.1\r\nHost: here\r\nx: ",
    )
    .await;
    let _refused = client.write_all(&vec![b'a'; Http::LONGEST_HEAD * 2]).await;
    let text = String::from_utf8(closed(&mut client).await).unwrap();
    assert!(
        text.is_empty() || text.starts_with("HTTP/1.1 431"),
        "{text}"
    );
}
