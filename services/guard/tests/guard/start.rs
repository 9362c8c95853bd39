//! A guard starts with the keys that it has.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use axum::routing::any;
use axum::{Json, Router};
use portcullis_guard::{Authenticated, Guard};
use portcullis_runtime::Process;
use reqwest::Client;
use serde_json::Value;
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::authz::AuthzServer;
use crate::issuer::Issuer;
use crate::protected_service::settings;
use crate::{CONTOSO, TASK_API, UPSTREAM};

const WAIT: Duration = Duration::from_millis(500);
/// Far longer than anything takes here.
const PATIENCE: Duration = Duration::from_mins(1);
/// A tenant that the issuer does not have: its metadata answers 400, as that of a deleted tenant.
const DELETED: &str = "99999999-9999-4999-8999-999999999999";

/// Status and reason of the answer to a request with `token`.
async fn status_and_reason(guard: &Guard, token: &str) -> (u16, Value) {
    let route =
        any(|Authenticated { caller, .. }: Authenticated| async move { Json(caller.object_id) });
    let request = Request::get("/me").header("authorization", format!("Bearer {token}"));
    let answer = guard
        .protect(Router::new().route("/me", route))
        .oneshot(request.body(Body::empty()).unwrap());
    let answer = answer.await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = serde_json::from_slice(
        &axum::body::to_bytes(answer.into_body(), 1 << 16)
            .await
            .unwrap(),
    )
    .unwrap();
    (status, body["reason"].clone())
}

#[tokio::test]
async fn issuer_without_keys_is_named_by_readiness_and_ends_nothing() {
    struct Case {
        name: &'static str,
        authority: String,
        cause: &'static str,
    }
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let issuer = Issuer::start().await;
    let token = issuer.sign(&issuer.claims(CONTOSO)).await;
    // This client trusts the system's authorities only, and not dev-entra's.
    let client = Client::builder().no_proxy().build().unwrap();
    for Case {
        name,
        authority,
        cause,
    } in [
        Case {
            name: "nothing listens",
            authority: format!("https://{free}"),
            cause: "refused",
        },
        Case {
            name: "the certificate is not trusted",
            authority: issuer.authority(),
            cause: "certificate",
        },
    ] {
        let settings = settings(&authority, &["--issuer-wait", "500ms"]);
        let process = Process::detached();
        let started = Instant::now();
        let guard = Guard::start(
            &settings,
            client.clone(),
            UPSTREAM,
            Some(TASK_API),
            &process,
        )
        .await
        .unwrap();
        assert!(
            started.elapsed() < WAIT * 8,
            "{name}: {:?}",
            started.elapsed()
        );
        let message = process.readiness().pending().join("; ");
        let metadata = format!("{authority}/{CONTOSO}/v2.0/.well-known/openid-configuration");
        for part in ["signing keys: ", &metadata, cause] {
            assert!(
                message.contains(part),
                "{name}: '{part}' is missing in: {message}"
            );
        }
        assert_eq!(
            status_and_reason(&guard, &token).await,
            (503, "keys_unavailable".into()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn deleted_tenant_delays_no_start_and_affects_its_own_tokens_alone() {
    struct Case {
        name: &'static str,
        tenant: &'static str,
        expected: (u16, Value),
    }
    let issuer = Issuer::start().await;
    let allowed = format!("{CONTOSO},{DELETED}");
    let settings = settings(
        &issuer.authority(),
        &["--issuer-wait", "10m", "--allowed-tenants", &allowed],
    );
    let process = Process::detached();
    let start = Guard::start(
        &settings,
        issuer.http.clone(),
        UPSTREAM,
        Some(TASK_API),
        &process,
    );
    let guard = tokio::time::timeout(PATIENCE, start)
        .await
        .expect("the start waits for an answer that came")
        .unwrap();
    assert!(process.readiness().pending().is_empty());
    let missing = process.readiness().degraded().join("; ");
    assert!(
        missing.contains(DELETED) && missing.contains("answered 400") && !missing.contains(CONTOSO),
        "{missing}"
    );
    for Case {
        name,
        tenant,
        expected,
    } in [
        Case {
            name: "another tenant",
            tenant: CONTOSO,
            expected: (200, Value::Null),
        },
        Case {
            name: "the deleted tenant",
            tenant: DELETED,
            expected: (503, "keys_unavailable".into()),
        },
    ] {
        let token = issuer.sign(&issuer.claims(tenant)).await;
        assert_eq!(status_and_reason(&guard, &token).await, expected, "{name}");
    }
}

#[tokio::test]
async fn service_that_can_verify_assertions_is_ready_without_the_issuer() {
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let authz = AuthzServer::start().await;
    let flags = [
        "--issuer-wait",
        "500ms",
        "--gateway-keys",
        &authz.keys_url,
        "--trust-gateway",
    ];
    let settings = settings(&format!("https://{free}"), &flags);
    let process = Process::detached();
    let http = Client::builder().no_proxy().build().unwrap();
    let _guard = Guard::start(&settings, http, UPSTREAM, Some(TASK_API), &process)
        .await
        .unwrap();
    let mut changes = process.readiness().changes();
    let ready = async {
        while !process.readiness().pending().is_empty() {
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, ready).await.unwrap();
    let missing = process.readiness().degraded().join("; ");
    assert!(missing.contains(&format!("https://{free}/")), "{missing}");
}
