//! The authz server and a service in token mode decide each token alike.
//!
//! Both verify it, or both deny it with the same reason code.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may fail by panicking"
)]

use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::routing::get;
use clap::Parser;
use envoy_types::ext_authz::v3::pb::{CheckRequest, CheckResponse, HeaderValue, HttpResponse};
use envoy_types::pb::envoy::config::core::v3::HeaderMap;
use envoy_types::pb::envoy::service::auth::v3::AttributeContext;
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
use portcullis_guard::{Guard, GuardSettings};
use portcullis_policy::{DenialReason, PolicySet};
use portcullis_runtime::Process;
use portcullis_server::Handler;
use prost::Message;
use serde_json::{Value, json};
use token_tests::attacks::case::{Judge, Presented};
use token_tests::attacks::families;
use token_tests::issuer::{API, Issuer, KEY_ID, NOW, SECOND_TENANT, TENANT, sign};
use token_tests::matrix::{claims, product};
use tower::ServiceExt;

/// The time of the service's clock, in seconds since 1970.
static CLOCK: AtomicU64 = AtomicU64::new(0);
const CACHE: u64 = 64 * 1024 * 1024;

#[derive(Debug, Parser)]
struct Service {
    #[command(flatten)]
    guard: GuardSettings,
}

/// The authz server and a service, side by side.
struct Both {
    authz: Handler,
    service: Router,
}

impl Both {
    /// Starts both with the keys of `issuer`.
    async fn start(issuer: &Issuer) -> Self {
        let authority = &issuer.authority;
        let issuer_document = json!({
            "apiVersion": "portcullis.dev/v1alpha1",
            "kind": "TokenIssuer",
            "metadata": {"name": "entra"},
            "spec": {"entra": {"authority": authority, "tenants": [TENANT, SECOND_TENANT]}},
        });
        let policy = json!({
            "apiVersion": "portcullis.dev/v1alpha1",
            "kind": "RoutePolicy",
            "metadata": {"name": "p"},
            "spec": {
                "issuer": "entra", "application": API, "upstream": {"name": "u"},
                "allow": [
                    {"callers": "users", "scopes": ["access_as_user"]},
                    {"callers": "applications", "roles": ["Reader"]},
                ],
            },
        });
        let policies = PolicySet::compile([(
            "p.yaml",
            format!("{issuer_document}\n---\n{policy}").as_str(),
        )])
        .unwrap();
        let authz = Handler::start(&policies, issuer.http.clone(), CACHE)
            .await
            .unwrap();
        let tenants = format!("{TENANT},{SECOND_TENANT}");
        let flags = [
            "service",
            "--home-tenant",
            TENANT,
            "--allowed-tenants",
            &tenants,
            "--authority",
            authority,
        ];
        let settings = Service::parse_from(flags).guard;
        let clock = || CLOCK.load(Ordering::SeqCst);
        let process = Process::detached();
        let guard = Guard::start_with_clock(
            &settings,
            issuer.http.clone(),
            "u",
            Some(API),
            &process,
            clock,
        )
        .await
        .unwrap();
        Self {
            authz,
            service: guard.protect(Router::new().route("/", get(|| async { "served" }))),
        }
    }

    /// Returns the decision of the authz server: `verified`, `fault` or a reason code.
    ///
    /// A caller that a policy denies counts as verified.
    async fn by_authz(&self, lines: &[Vec<u8>], now: u64) -> String {
        let header = |line: &Vec<u8>| HeaderValue {
            key: "authorization".to_owned(),
            value: String::new(),
            raw_value: line.clone(),
        };
        let header_map = Some(HeaderMap {
            headers: lines.iter().map(header).collect(),
        });
        let http = HttpRequest {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            header_map,
            ..HttpRequest::default()
        };
        let context_extensions = [("policy".to_owned(), "p".to_owned())].into();
        let request = Some(Request {
            http: Some(http),
            time: None,
        });
        let attributes = Some(AttributeContext {
            request,
            context_extensions,
            ..AttributeContext::default()
        });
        let check = CheckRequest { attributes }.encode_to_vec();
        let Ok(answer) = self.authz.answer_at(check.into(), now).await else {
            return "fault".to_owned();
        };
        match CheckResponse::decode(answer).unwrap().http_response {
            Some(HttpResponse::DeniedResponse(denied)) => {
                let reason = reason(denied.body.as_bytes());
                let verified = DenialReason::ALL
                    .iter()
                    .any(|denial| denial.code() == reason);
                if verified {
                    "verified".to_owned()
                } else {
                    reason
                }
            }
            _ => "verified".to_owned(),
        }
    }

    /// Returns the decision of the service, or `None` if HTTP cannot carry the lines.
    async fn by_service(&self, lines: &[Vec<u8>], now: u64) -> Option<String> {
        CLOCK.store(now, Ordering::SeqCst);
        let mut request = http::Request::builder().uri("/");
        for line in lines {
            request = request.header("authorization", http::HeaderValue::from_bytes(line).ok()?);
        }
        let answer = self
            .service
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let served = answer.status().is_success();
        let body: Bytes = to_bytes(answer.into_body(), 64 * 1024).await.unwrap();
        Some(if served {
            "verified".to_owned()
        } else {
            reason(&body)
        })
    }
}

fn reason(problem: &[u8]) -> String {
    let problem: Value = serde_json::from_slice(problem).unwrap();
    problem["reason"].as_str().unwrap().to_owned()
}

/// The `Authorization` lines of a request, and the time of the request.
struct Credentials {
    name: String,
    lines: Vec<Vec<u8>>,
    now: u64,
}

/// This is one test, because all services of a process share `CLOCK`.
#[tokio::test]
async fn authz_server_and_service_agree_on_every_token() {
    let issuer = Issuer::start();
    let both = Both::start(&issuer).await;
    let mut presented: Vec<Credentials> = Vec::new();
    for family in families(&issuer.keys, &issuer.authority, "127.0.0.1:1") {
        for case in family
            .cases
            .into_iter()
            .filter(|case| case.judge == Judge::Listed)
        {
            let lines = match case.presented {
                Presented::Lines(lines) => lines,
                Presented::Token(token) => vec![format!("Bearer {token}").into_bytes()],
            };
            presented.push(Credentials {
                name: format!("{}: {}", family.name, case.name),
                lines,
                now: case.now,
            });
        }
    }
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": KEY_ID}).to_string();
    let corpus = presented.len();
    for tuple in product() {
        let token = sign(&issuer.keys.good, &header, claims(tuple).to_string());
        presented.push(Credentials {
            name: format!("{tuple:?}"),
            lines: vec![format!("Bearer {token}").into_bytes()],
            now: NOW + 1,
        });
    }
    let mut compared = 0;
    let mut unsendable = 0;
    let mut different = Vec::new();
    for Credentials { name, lines, now } in &presented {
        let by_authz = both.by_authz(lines, *now).await;
        // The authz server caches a verified caller. A cache hit must give the same decision.
        let again = both.by_authz(lines, *now).await;
        let Some(by_service) = both.by_service(lines, *now).await else {
            unsendable += 1;
            continue;
        };
        compared += 1;
        if by_authz != by_service || again != by_authz {
            different.push(format!(
                "{name}: authz server {by_authz}, then {again}; service {by_service}"
            ));
        }
    }
    println!("{compared} compared ({corpus} of the corpus), {unsendable} cannot be sent by HTTP");
    assert!(
        different.is_empty(),
        "{} differ:\n{}",
        different.len(),
        different.join("\n")
    );
    assert!(compared > 17_000, "{compared}");
    let cached = both.authz.cached().0;
    assert!(cached > 50, "the cache took part: {cached}");
}
