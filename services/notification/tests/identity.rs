//! Tests of callers with a real issuer, a real assertion signer and the real guard.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use axum::Router;
use clap::Parser;
use dev_service::{Answer, CONTOSO, Trusted, answer, request};
use notification::{Settings, router, schema};
use portcullis_assertion::{AssertedRequest, Assertion};
use portcullis_database::{Database, DatabaseMetrics};
use portcullis_guard::Guard;
use portcullis_runtime::{HttpService, Process, Registry};
use portcullis_token::{Caller, CallerKind, unix_now};
use serde_json::{Value, json};
use tempfile::TempDir;

const TASK_API: &str = "3a5c0001-0000-4000-8000-000000000001";
const NOTIFICATION: &str = "3a5c0002-0000-4000-8000-000000000002";
const WEB: &str = "3a5c0004-0000-4000-8000-000000000004";

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
            "notification",
            "--client-id",
            NOTIFICATION,
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
        let guard = Guard::start(
            &settings.guard,
            http,
            "notification",
            NOTIFICATION,
            &process,
        )
        .await
        .unwrap();
        let database = Database::open(&settings.database, &schema(), DatabaseMetrics::default())
            .await
            .unwrap();
        let http_service =
            HttpService::new("notification", &settings.limits, &mut Registry::default());
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

    /// Claims of a token for this service that the task API obtained on Ada's behalf.
    fn claims(&self) -> Value {
        let now = unix_now();
        json!({
            "iss": self.trusted.issuer_of_version_2(), "aud": NOTIFICATION, "tid": CONTOSO,
            "ver": "2.0", "oid": "aaaaaaaa-0001-4000-8000-000000000001", "azp": TASK_API,
            "name": "Ada", "scp": "Notify.Send", "preferred_username": "ada@contoso.example",
            "nbf": now, "iat": now, "exp": now + 3600,
        })
    }

    /// The same claims in the format of version 1, which names the user in `upn`.
    async fn claims_of_version_1(&self) -> Value {
        let mut claims = self.trusted.in_version_1(self.claims()).await;
        claims["upn"] = claims
            .as_object_mut()
            .unwrap()
            .remove("preferred_username")
            .unwrap();
        claims
    }

    async fn notify(&self, headers: &[(&str, &str)]) -> (u16, Value) {
        let notice = json!({ "event": "task_created", "task_title": "t" });
        let Answer { status, body, .. } = answer(
            self.service.clone(),
            request("POST /notify", headers, Some(&notice)),
        )
        .await;
        (status, body)
    }

    async fn notify_with(&self, claims: &Value) -> (u16, Value) {
        self.notify(&[("authorization", &self.trusted.authorization(claims).await)])
            .await
    }
}

#[tokio::test]
async fn defects_1_and_2_trusted_gateway_still_requires_token_or_assertion() {
    let stack = Stack::start().await;
    assert_eq!(stack.notify_with(&stack.claims()).await.0, 200);
    let headers = [
        ("x-user-oid", "o"),
        ("x-tenant-id", CONTOSO),
        ("x-user-name", "Eve"),
        ("x-user-email", "eve@x.example"),
    ];
    let (status, problem) = stack.notify(&headers).await;
    assert_eq!((status, &problem["reason"]), (401, &json!("token_missing")));
}

#[tokio::test]
async fn defect_4_email_is_read_from_tokens_of_both_versions() {
    let stack = Stack::start().await;
    let (_, sent) = stack.notify_with(&stack.claims()).await;
    assert_eq!(sent["to"], "ada@contoso.example");
    let mut first = stack.claims_of_version_1().await;
    let (status, sent) = stack.notify_with(&first).await;
    assert_eq!(
        (status, &sent["to"]),
        (200, &json!("ada@contoso.example")),
        "{sent}"
    );
    first.as_object_mut().unwrap().remove("upn");
    assert_eq!(stack.notify_with(&first).await.1["to"], "Ada");
}

#[tokio::test]
async fn defect_7_actor_is_read_from_the_token() {
    let stack = Stack::start().await;
    let mut claims = stack.claims();
    claims["azp"] = json!(WEB);
    let (status, problem) = stack.notify_with(&claims).await;
    assert_eq!(
        (status, &problem["reason"]),
        (403, &json!("actor_not_allowed"))
    );
}

#[tokio::test]
async fn defect_9_audience_of_version_1_may_be_the_id_or_its_uri() {
    let stack = Stack::start().await;
    let first = stack.claims_of_version_1().await;
    let second = stack.claims();
    let uri = format!("api://{NOTIFICATION}");
    for (claims, audience, expected) in [
        (&first, NOTIFICATION, 200),
        (&first, uri.as_str(), 200),
        (&first, TASK_API, 401),
        (&first, "api://other", 401),
        (&second, NOTIFICATION, 200),
        // The audience of Entra's tokens of version 2 is always the id.
        (&second, uri.as_str(), 401),
    ] {
        let mut claims = claims.clone();
        claims["aud"] = json!(audience);
        let (status, answer) = stack.notify_with(&claims).await;
        assert_eq!(status, expected, "{audience}: {answer}");
    }
}

#[tokio::test]
async fn defect_10_scope_actor_and_name_come_from_the_assertion() {
    let stack = Stack::start().await;
    let user = Caller {
        tenant: CONTOSO.to_owned(),
        object_id: "aaaaaaaa-0001-4000-8000-000000000001".to_owned(),
        kind: CallerKind::User,
        actor: Some(TASK_API.to_owned()),
        name: Some("Zoë, Ångström".to_owned()),
        email: None,
        roles: Vec::new(),
        scopes: vec!["Notify.Send".to_owned()],
    };
    let unscoped = Caller {
        scopes: vec!["access_as_user".to_owned()],
        ..user.clone()
    };
    let unlisted = Caller {
        actor: Some(WEB.to_owned()),
        ..user.clone()
    };
    for (caller, status, member, expected) in [
        (user, 200, "to", "Zoë, Ångström"),
        (unscoped, 403, "reason", "scope_missing"),
        (unlisted, 403, "reason", "actor_not_allowed"),
    ] {
        let request = AssertedRequest {
            id: expected.to_owned(),
            method: "POST".to_owned(),
            path: "/notify".to_owned(),
        };
        let audience = "notification".to_owned();
        let issued_at = unix_now();
        let assertion = Assertion {
            audience,
            caller,
            request: Some(request),
            issued_at,
        };
        let signed = stack.trusted.signer.sign(&assertion).unwrap();
        // The service ignores identity headers beside the assertion.
        let headers = [
            ("x-portcullis-assertion", signed.as_str()),
            ("x-user-name", "Eve"),
            ("x-user-email", "eve@x.example"),
        ];
        let (got, answer) = stack.notify(&headers).await;
        assert_eq!((got, &answer[member]), (status, &json!(expected)));
    }
}
