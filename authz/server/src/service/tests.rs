use bytes::Bytes;
use envoy_types::ext_authz::v3::pb::CheckRequest;
use envoy_types::pb::envoy::service::auth::v3::AttributeContext;
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{
    HttpRequest, Request as Attributes,
};
use h2::client::SendRequest;
use http::{HeaderMap, Request};
use hyper::service::service_fn;
use portcullis_policy::PolicySet;
use portcullis_runtime::{ListenAddress, Listener, Process, serve_http2};
use prost::Message;
use tokio::net::UnixStream;
use tonic::service::Routes;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use super::{AuthorizationService, CHECK, LARGEST_CHECK};
use crate::offline::OfflinePolicies;

const HEALTH: &str = "/grpc.health.v1.Health/Check";
const POLICY: &str = "{apiVersion: portcullis.dev/v1alpha1, kind: RoutePolicy, \
                      metadata: {name: p}, \
                      spec: {allow: [{callers: anyone}], upstream: {name: u}}}";

/// A connection to the service over a Unix socket, as a gateway on the same machine has it.
struct Client {
    sender: SendRequest<Bytes>,
    _folder: tempfile::TempDir,
}

impl Client {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("authz.sock");
        let listener = Listener::bind("checks", "--listen", &ListenAddress::Unix(path.clone()))
            .await
            .unwrap();
        let offline = OfflinePolicies::new(PolicySet::compile([("p.yaml", POLICY)]).unwrap())
            .await
            .unwrap();
        let (_, health) = tonic_health::server::health_reporter();
        let service =
            AuthorizationService::new(offline.fresh_handler().unwrap(), Routes::new(health));
        tokio::spawn(async move {
            let service = service_fn(move |request| service.clone().answer(request));
            serve_http2(&Process::detached(), listener, service).await;
        });
        let (sender, connection) = h2::client::handshake(UnixStream::connect(&path).await.unwrap())
            .await
            .unwrap();
        tokio::spawn(connection);
        Self {
            sender,
            _folder: folder,
        }
    }

    /// Sends `frames` as the request's body, and ends it if `ends`. Returns the status, and the
    /// message if there is one.
    async fn send(&self, path: &str, frames: &[Bytes], ends: bool) -> (String, Option<Bytes>) {
        let request =
            Request::post(format!("http://authz{path}")).header("content-type", "application/grpc");
        let mut sender = self.sender.clone().ready().await.unwrap();
        let (response, mut body) = sender
            .send_request(request.body(()).unwrap(), false)
            .unwrap();
        for (number, frame) in frames.iter().enumerate() {
            body.send_data(frame.clone(), ends && number + 1 == frames.len())
                .unwrap();
        }
        let response = response.await.unwrap();
        assert_eq!(
            (
                response.status().as_u16(),
                &response.headers()["content-type"]
            ),
            (200, &"application/grpc".parse().unwrap())
        );
        if response.headers().contains_key("grpc-status") {
            return (status(response.headers()), None);
        }
        let mut reply = response.into_body();
        let mut bytes = Vec::new();
        while let Some(data) = reply.data().await {
            bytes.extend_from_slice(&data.unwrap());
        }
        let trailers = reply.trailers().await.unwrap().expect("trailers");
        let (prefix, message) = bytes.split_at(5);
        assert_eq!(
            prefix,
            [
                &[0],
                &u32::try_from(message.len()).unwrap().to_be_bytes()[..]
            ]
            .concat()
        );
        (status(&trailers), Some(message.to_vec().into()))
    }
}

fn status(headers: &HeaderMap) -> String {
    headers["grpc-status"].to_str().unwrap().to_owned()
}

fn prefixed(message: &[u8]) -> Bytes {
    [
        &[0],
        &u32::try_from(message.len()).unwrap().to_be_bytes()[..],
        message,
    ]
    .concat()
    .into()
}

/// A Check about a request with a path of `length` bytes.
fn check(length: usize) -> Bytes {
    let http = HttpRequest {
        method: "GET".to_owned(),
        path: "/".repeat(length),
        ..HttpRequest::default()
    };
    let request = Some(Attributes {
        http: Some(http),
        ..Attributes::default()
    });
    let attributes = Some(AttributeContext {
        request,
        ..AttributeContext::default()
    });
    prefixed(&CheckRequest { attributes }.encode_to_vec())
}

fn in_frames_of(size: usize, bytes: &Bytes) -> Vec<Bytes> {
    bytes.chunks(size).map(Bytes::copy_from_slice).collect()
}

#[tokio::test]
async fn check_is_answered_however_its_message_is_cut() {
    struct Case {
        name: &'static str,
        frames: Vec<Bytes>,
    }
    let client = Client::start().await;
    let whole = client.send(CHECK, &[check(9)], true).await;
    assert_eq!(whole.0, "0");
    let frames = |size| in_frames_of(size, &check(9));
    let empty_last = [check(9), Bytes::new()];
    for Case { name, frames } in [
        Case {
            name: "byte by byte",
            frames: frames(1),
        },
        Case {
            name: "in the prefix",
            frames: frames(3),
        },
        Case {
            name: "after the prefix",
            frames: frames(5),
        },
        Case {
            name: "an empty last frame",
            frames: empty_last.to_vec(),
        },
        Case {
            name: "many frames",
            frames: in_frames_of(1000, &check(LARGEST_CHECK - 1000)),
        },
    ] {
        let (status, message) = client.send(CHECK, &frames, true).await;
        assert!(status == "0" && message.is_some(), "{name}: {status}");
    }
}

#[tokio::test]
async fn unreadable_message_gets_its_grpc_status() {
    struct Case {
        name: &'static str,
        path: &'static str,
        frames: Vec<Bytes>,
        expected: &'static str,
    }
    let client = Client::start().await;
    let [mut compressed, mut short, mut long] =
        [check(9), check(9), check(9)].map(|check| check.to_vec());
    compressed[0] = 1;
    short.pop();
    long.push(0);
    let huge = [&[0, 255, 255, 255, 255], &b"x"[..]].concat();
    for Case {
        name,
        path,
        frames,
        expected,
    } in [
        Case {
            name: "nothing",
            path: CHECK,
            frames: vec![Bytes::new()],
            expected: "3",
        },
        Case {
            name: "half a prefix",
            path: CHECK,
            frames: vec![Bytes::from_static(&[0, 0, 0])],
            expected: "3",
        },
        Case {
            name: "too short",
            path: CHECK,
            frames: vec![short.into()],
            expected: "3",
        },
        Case {
            name: "too long",
            path: CHECK,
            frames: vec![long.into()],
            expected: "3",
        },
        Case {
            name: "two messages",
            path: CHECK,
            frames: vec![check(9), check(9)],
            expected: "3",
        },
        Case {
            name: "no Check",
            path: CHECK,
            frames: vec![prefixed(&[255, 255])],
            expected: "3",
        },
        Case {
            name: "a Check about nothing",
            path: CHECK,
            frames: vec![prefixed(&[])],
            expected: "3",
        },
        Case {
            name: "a compressed message",
            path: CHECK,
            frames: vec![compressed.into()],
            expected: "12",
        },
        Case {
            name: "a length beyond the limit",
            path: CHECK,
            frames: vec![huge.into()],
            expected: "11",
        },
        Case {
            name: "bytes beyond the limit",
            path: CHECK,
            frames: in_frames_of(16_000, &check(LARGEST_CHECK + 1000)),
            expected: "11",
        },
        Case {
            name: "another method",
            path: "/envoy.service.auth.v3.Authorization/Other",
            frames: vec![check(9)],
            expected: "12",
        },
        Case {
            name: "another service",
            path: "/another.Service/Check",
            frames: vec![check(9)],
            expected: "12",
        },
    ] {
        let (status, _) = client.send(path, &frames, true).await;
        assert_eq!(status, expected, "{name}");
    }
    assert_eq!(
        client.send(CHECK, &[check(9)], true).await.0,
        "0",
        "the connection goes on"
    );
}

#[tokio::test]
async fn incomplete_message_times_out() {
    let client = Client::start().await;
    let half = check(9).slice(..20);
    assert_eq!(client.send(CHECK, &[half], false).await.0, "4");
}

#[tokio::test]
async fn health_is_answered_beside_checks() {
    let client = Client::start().await;
    let request = prefixed(&HealthCheckRequest::default().encode_to_vec());
    let (status, message) = client.send(HEALTH, &[request], true).await;
    let reply = HealthCheckResponse::decode(message.unwrap()).unwrap();
    assert_eq!((status.as_str(), reply.status), ("0", 1));
}
