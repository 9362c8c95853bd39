//! Who the service takes a caller for, with a real issuer and a real gate before the real guard.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use audit::{Applications, Settings, router, schema};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::routing::get;
use clap::Parser;
use dev_entra::InProcess;
use portcullis_assertion::{AssertedRequest, Assertion, Signer};
use portcullis_database::{Database, DatabaseMetrics};
use portcullis_guard::Guard;
use portcullis_runtime::{HttpService, Process, Registry};
use portcullis_token::{Caller, CallerKind, unix_now};
use reqwest::{Certificate, Client};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tower::ServiceExt;

const CONTOSO: &str = "11111111-1111-4111-8111-111111111111";
const TASK_API: &str = "3a5c0001-0000-4000-8000-000000000001";
const AUDIT: &str = "3a5c0003-0000-4000-8000-000000000003";
const OTHER: &str = "3a5c0005-0000-4000-8000-000000000005";
const PRINCIPAL: &str = "cccccccc-0001-4000-8000-000000000001";

/// The service behind its guard, which trusts this issuer, and this gate beside it.
struct Stack {
    issuer: InProcess,
    http: Client,
    signer: Signer,
    service: Router,
    _directory: TempDir,
}

impl Stack {
    async fn start() -> Self {
        let issuer = InProcess::start().await.unwrap();
        let certificate = Certificate::from_pem(issuer.authority_pem().as_bytes()).unwrap();
        let http = Client::builder().no_proxy().tls_certs_only([certificate]).build().unwrap();
        let signer = Signer::generate().unwrap();
        let keys = signer.key_set();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let keys_url = format!("http://{}/keys", listener.local_addr().unwrap());
        let gate = Router::new().route("/keys", get(move || std::future::ready(keys.clone())));
        tokio::spawn(async move { axum::serve(listener, gate).await });

        let directory = tempfile::tempdir().unwrap();
        let settings = Settings::parse_from([
            "audit",
            "--client-id",
            AUDIT,
            "--home-tenant",
            CONTOSO,
            "--authority",
            &issuer.authority(),
            "--trust-gateway",
            "--gateway-keys",
            &keys_url,
            "--allowed-applications",
            TASK_API,
            "--data-dir",
            directory.path().to_str().unwrap(),
            "--operations-listen",
            "127.0.0.1:0",
        ]);
        let process = Process::detached();
        let guard = Guard::start(&settings.guard, http.clone(), "audit", AUDIT, &process).await.unwrap();
        let database = Database::open(&settings.database, &schema(), DatabaseMetrics::default()).await.unwrap();
        let http_service = HttpService::new("audit", &settings.limits, &mut Registry::default());
        let applications = Applications(settings.allowed_applications.into());
        let service = router(database, applications, &http_service, |api| guard.protect(api));
        Self { issuer, http, signer, service, _directory: directory }
    }

    /// What the task API's own token for this service says.
    fn claims(&self) -> Value {
        let now = unix_now();
        json!({
            "iss": format!("{}/{CONTOSO}/v2.0", self.issuer.authority()), "aud": AUDIT, "tid": CONTOSO, "ver": "2.0",
            "oid": PRINCIPAL, "sub": PRINCIPAL, "azp": TASK_API, "idtyp": "app", "roles": ["AuditLog.Write"],
            "nbf": now, "iat": now, "exp": now + 3600,
        })
    }

    /// The same in the shape of version 1: another issuer, and other names for the client and the user.
    async fn claims_of_version_1(&self) -> Value {
        let url = format!("{}/{CONTOSO}/.well-known/openid-configuration", self.issuer.authority());
        let metadata: Value = self.http.get(url).send().await.unwrap().json().await.unwrap();
        let mut claims = self.claims();
        claims["ver"] = json!("1.0");
        claims["iss"] = metadata["issuer"].clone();
        claims["appid"] = claims.as_object_mut().unwrap().remove("azp").unwrap();
        claims
    }

    async fn sign(&self, claims: &Value) -> String {
        let url = format!("{}/dev/sign", self.issuer.authority());
        let reply: Value =
            self.http.post(url).json(&json!({ "claims": claims })).send().await.unwrap().json().await.unwrap();
        format!("Bearer {}", reply["token"].as_str().unwrap())
    }

    async fn send(&self, method: &str, headers: &[(&str, &str)]) -> (u16, Value) {
        let request = Request::builder().method(method).uri("/audit").header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let body = json!({ "action": "a", "resource_id": "7", "actor": "Zoë", "tenant_id": "elsewhere" }).to_string();
        let response = self.service.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&to_bytes(response.into_body(), 1 << 16).await.unwrap()).unwrap())
    }

    async fn append_with(&self, claims: &Value) -> (u16, Value) {
        self.send("POST", &[("authorization", &self.sign(claims).await)]).await
    }
}

#[tokio::test]
async fn defects_1_and_2_with_the_gateway_trusted_tokens_count_and_bare_headers_do_not() {
    let stack = Stack::start().await;
    assert_eq!(stack.append_with(&stack.claims()).await.0, 200);
    for method in ["GET", "POST"] {
        let headers = [("x-user-oid", PRINCIPAL), ("x-tenant-id", CONTOSO), ("x-user-roles", "AuditLog.Write")];
        let (status, problem) = stack.send(method, &headers).await;
        assert_eq!((status, &problem["reason"]), (401, &json!("token_missing")), "{method}");
    }
}

#[tokio::test]
async fn defect_7_users_and_applications_that_are_not_listed_are_refused_by_what_their_tokens_prove() {
    let stack = Stack::start().await;
    let mut user = stack.claims();
    user["scp"] = json!("access_as_user");
    user["name"] = json!("Ada");
    user.as_object_mut().unwrap().remove("idtyp");
    let mut unlisted = stack.claims();
    unlisted["azp"] = json!(OTHER);
    let mut unauthorized = stack.claims();
    unauthorized["roles"] = json!(["Admin"]);
    for (claims, reason) in
        [(user, "caller_kind_not_allowed"), (unlisted, "actor_not_allowed"), (unauthorized, "role_missing")]
    {
        let (status, problem) = stack.append_with(&claims).await;
        assert_eq!((status, &problem["reason"]), (403, &json!(reason)));
    }
}

#[tokio::test]
async fn defect_9_the_audience_of_version_1_may_be_the_id_or_its_uri() {
    let stack = Stack::start().await;
    let (first, second) = (stack.claims_of_version_1().await, stack.claims());
    let uri = format!("api://{AUDIT}");
    for (claims, audience, expected) in [
        (&first, AUDIT, 200),
        (&first, uri.as_str(), 200),
        (&first, TASK_API, 401),
        (&first, "api://other", 401),
        (&second, AUDIT, 200),
        // Entra writes the id alone into tokens of version 2.
        (&second, uri.as_str(), 401),
    ] {
        let mut claims = claims.clone();
        claims["aud"] = json!(audience);
        let (status, answer) = stack.append_with(&claims).await;
        assert_eq!(status, expected, "{audience}: {answer}");
    }
}

#[tokio::test]
async fn defect_10_behind_the_gate_an_entry_names_the_application_and_not_its_principal() {
    let stack = Stack::start().await;
    let caller = Caller {
        tenant: CONTOSO.to_owned(),
        object_id: PRINCIPAL.to_owned(),
        kind: CallerKind::Application,
        actor: Some(TASK_API.to_owned()),
        name: None,
        email: None,
        roles: vec!["AuditLog.Write".to_owned()],
        scopes: Vec::new(),
    };
    for method in ["POST", "GET"] {
        let request = AssertedRequest { id: method.to_owned(), method: method.to_owned(), path: "/audit".to_owned() };
        let (audience, issued_at) = ("audit".to_owned(), unix_now());
        let assertion = Assertion { audience, caller: caller.clone(), request: Some(request), issued_at };
        let signed = stack.signer.sign(&assertion).unwrap();
        // Nothing that somebody writes beside it counts.
        let headers = [("x-portcullis-assertion", signed.as_str()), ("x-tenant-id", "other"), ("x-user-oid", "other")];
        let (status, answer) = stack.send(method, &headers).await;
        assert_eq!(status, 200, "{method}: {answer}");
        if method == "GET" {
            let entry = &answer[0];
            let proved = (&entry["caller_app_id"], &entry["actor"], &entry["tenant_id"]);
            assert_eq!(proved, (&json!(TASK_API), &json!(PRINCIPAL), &json!(CONTOSO)), "{entry}");
            assert_eq!((&entry["reported_actor"], &entry["reported_tenant"]), (&json!("Zoë"), &json!("elsewhere")));
        }
    }
}
