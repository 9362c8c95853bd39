//! Tests of callers with a real issuer, a real assertion signer and the real guard.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use audit::{Settings, router, schema};
use axum::Router;
use clap::Parser;
use dev_service::{Answer, CONTOSO, Trusted, answer, request};
use portcullis_assertion::{AssertedRequest, Assertion};
use portcullis_database::{Database, DatabaseMetrics};
use portcullis_guard::Guard;
use portcullis_runtime::{HttpService, Process, Registry};
use portcullis_token::{Caller, CallerKind, unix_now};
use serde_json::{Value, json};
use tempfile::TempDir;

const TASK_API: &str = "3a5c0001-0000-4000-8000-000000000001";
const AUDIT: &str = "3a5c0003-0000-4000-8000-000000000003";
const OTHER: &str = "3a5c0005-0000-4000-8000-000000000005";
const PRINCIPAL: &str = "cccccccc-0001-4000-8000-000000000001";

/// The service behind its guard.
struct Stack {
    trusted: Trusted,
    service: Router,
    _directory: TempDir,
}

impl Stack {
    async fn start() -> Self {
        let trusted = Trusted::start().await;
        let directory = tempfile::tempdir().unwrap();
        let own = [
            "audit",
            "--client-id",
            AUDIT,
            "--allowed-applications",
            TASK_API,
            "--data-dir",
        ];
        let own = own
            .into_iter()
            .chain(directory.path().to_str())
            .map(str::to_owned);
        let settings = Settings::parse_from(own.chain(trusted.settings()));
        let process = Process::detached();
        let http = trusted.http.clone();
        let guard = Guard::start(&settings.guard, http, "audit", AUDIT, &process)
            .await
            .unwrap();
        let database = Database::open(&settings.database, &schema(), DatabaseMetrics::default())
            .await
            .unwrap();
        let http_service = HttpService::new("audit", &settings.limits, &mut Registry::default());
        let applications = settings.applications.list();
        let service = router(database, applications, &http_service, |api| {
            guard.protect(api)
        });
        Self {
            trusted,
            service,
            _directory: directory,
        }
    }

    /// Claims of the task API's own token for this service.
    fn claims(&self) -> Value {
        let now = unix_now();
        json!({
            "iss": self.trusted.issuer_of_version_2(), "aud": AUDIT, "tid": CONTOSO, "ver": "2.0",
            "oid": PRINCIPAL, "sub": PRINCIPAL, "azp": TASK_API, "idtyp": "app",
            "roles": ["AuditLog.Write"], "nbf": now, "iat": now, "exp": now + 3600,
        })
    }

    /// The same claims in the format of version 1.
    async fn claims_of_version_1(&self) -> Value {
        self.trusted.in_version_1(self.claims()).await
    }

    async fn send(&self, method: &str, headers: &[(&str, &str)]) -> (u16, Value) {
        let report =
            json!({ "action": "a", "resource_id": "7", "actor": "Zoë", "tenant_id": "elsewhere" });
        let Answer { status, body, .. } = answer(
            self.service.clone(),
            request(&format!("{method} /audit"), headers, Some(&report)),
        )
        .await;
        (status, body)
    }

    async fn append_with(&self, claims: &Value) -> (u16, Value) {
        self.send(
            "POST",
            &[("authorization", &self.trusted.authorization(claims).await)],
        )
        .await
    }
}

#[tokio::test]
async fn defects_1_and_2_trusted_gateway_still_requires_token_or_assertion() {
    let stack = Stack::start().await;
    assert_eq!(stack.append_with(&stack.claims()).await.0, 200);
    for method in ["GET", "POST"] {
        let headers = [
            ("x-user-oid", PRINCIPAL),
            ("x-tenant-id", CONTOSO),
            ("x-user-roles", "AuditLog.Write"),
        ];
        let (status, problem) = stack.send(method, &headers).await;
        assert_eq!(
            (status, &problem["reason"]),
            (401, &json!("token_missing")),
            "{method}"
        );
    }
}

#[tokio::test]
async fn defect_7_user_or_unlisted_application_is_denied_by_its_token() {
    let stack = Stack::start().await;
    let mut user = stack.claims();
    user["scp"] = json!("access_as_user");
    user["name"] = json!("Ada");
    user.as_object_mut().unwrap().remove("idtyp");
    let mut unlisted = stack.claims();
    unlisted["azp"] = json!(OTHER);
    let mut unauthorized = stack.claims();
    unauthorized["roles"] = json!(["Admin"]);
    for (claims, reason) in [
        (user, "caller_kind_not_allowed"),
        (unlisted, "actor_not_allowed"),
        (unauthorized, "role_missing"),
    ] {
        let (status, problem) = stack.append_with(&claims).await;
        assert_eq!((status, &problem["reason"]), (403, &json!(reason)));
    }
}

#[tokio::test]
async fn defect_9_audience_of_version_1_may_be_the_id_or_its_uri() {
    let stack = Stack::start().await;
    let first = stack.claims_of_version_1().await;
    let second = stack.claims();
    let uri = format!("api://{AUDIT}");
    for (claims, audience, expected) in [
        (&first, AUDIT, 200),
        (&first, uri.as_str(), 200),
        (&first, TASK_API, 401),
        (&first, "api://other", 401),
        (&second, AUDIT, 200),
        // The audience of Entra's tokens of version 2 is always the id.
        (&second, uri.as_str(), 401),
    ] {
        let mut claims = claims.clone();
        claims["aud"] = json!(audience);
        let (status, answer) = stack.append_with(&claims).await;
        assert_eq!(status, expected, "{audience}: {answer}");
    }
}

#[tokio::test]
async fn defect_10_entry_behind_the_authz_server_names_the_application() {
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
        let request = AssertedRequest {
            id: method.to_owned(),
            method: method.to_owned(),
            path: "/audit".to_owned(),
        };
        let audience = "audit".to_owned();
        let issued_at = unix_now();
        let assertion = Assertion {
            audience,
            caller: caller.clone(),
            request: Some(request),
            issued_at,
        };
        let signed = stack.trusted.signer.sign(&assertion).unwrap();
        // The service ignores identity headers beside the assertion.
        let headers = [
            ("x-portcullis-assertion", signed.as_str()),
            ("x-tenant-id", "other"),
            ("x-user-oid", "other"),
        ];
        let (status, answer) = stack.send(method, &headers).await;
        assert_eq!(status, 200, "{method}: {answer}");
        if method == "GET" {
            let entry = &answer[0];
            let proved = (
                &entry["caller_app_id"],
                &entry["actor"],
                &entry["tenant_id"],
            );
            assert_eq!(
                proved,
                (&json!(TASK_API), &json!(PRINCIPAL), &json!(CONTOSO)),
                "{entry}"
            );
            assert_eq!(
                (&entry["reported_actor"], &entry["reported_tenant"]),
                (&json!("Zoë"), &json!("elsewhere"))
            );
        }
    }
}
