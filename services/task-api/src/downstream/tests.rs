mod failures;
mod tokens;

use axum::response::IntoResponse;
use portcullis_guard::BearerToken;
use serde_json::json;

use super::fake_servers::{Answer, DEADLINE, FakeServers};
use super::{AuditEntry, CallContext, CallError, Downstream, Event, Notification};

fn context() -> CallContext<'static> {
    let deadline = tokio::time::Instant::now() + DEADLINE;
    CallContext {
        request_id: None,
        idempotency_key: "the-key",
        deadline,
    }
}

fn user_token() -> BearerToken {
    BearerToken::new("user-token".to_owned())
}

fn notification(token: &BearerToken) -> Notification<'_> {
    Notification {
        event: Event::Created,
        task_title: "Buy milk",
        tenant: "guest-tenant",
        token,
    }
}

const ENTRY: AuditEntry<'_> = AuditEntry {
    action: Event::Created,
    resource_id: 7,
    actor: "user-oid",
    tenant: "guest-tenant",
};

/// The reason codes of both calls' errors, and whether each is transient.
async fn failures(
    downstream: &Downstream,
    token: &BearerToken,
) -> [Option<(&'static str, bool)>; 2] {
    let notification = notification(token);
    let context = context();
    let (sent, logged) = tokio::join!(
        downstream.notify(&notification, &context),
        downstream.audit(&ENTRY, &context)
    );
    [sent, logged].map(|result| {
        result
            .err()
            .map(|error: CallError| (error.reason(), error.is_transient()))
    })
}

#[tokio::test]
async fn claims_challenge_is_a_401_with_its_claims() {
    let downstream = FakeServers::new(Answer::Obstacle, Answer::Success)
        .start()
        .await;
    let problem = downstream
        .admit("guest-tenant", Some(&user_token()))
        .await
        .unwrap_err();
    assert_eq!(
        (problem.status(), problem.reason()),
        (401, "interaction_required")
    );
    let response = problem.into_response();
    let header = response.headers()["www-authenticate"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        header.contains("/guest-tenant/oauth2/v2.0/authorize"),
        "{header}"
    );
    assert!(
        header.ends_with(r#"error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#),
        "{header}"
    );
}

#[tokio::test]
async fn admit_without_the_users_token_requests_no_token() {
    let fake = FakeServers::new(Answer::Success, Answer::Success);
    fake.start()
        .await
        .admit("guest-tenant", None)
        .await
        .unwrap();
    assert!(fake.requests("guest-tenant/token").is_empty());
}

#[tokio::test]
async fn calls_send_the_grants_and_bodies_of_the_protocol() {
    let fake = FakeServers::new(Answer::Success, Answer::Success);
    assert_eq!(
        failures(&fake.start().await, &user_token()).await,
        [None, None]
    );
    let on_behalf_of = json!({
        "client_id": "task-api-id", "client_secret": "s3cret", "assertion": "user-token",
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "requested_token_use": "on_behalf_of", "scope": "api://notification-id/.default",
    });
    assert_eq!(fake.requests("guest-tenant/token"), [on_behalf_of]);
    let own = json!({
        "client_id": "task-api-id", "client_secret": "s3cret",
        "grant_type": "client_credentials", "scope": "api://audit-id/.default",
    });
    assert_eq!(fake.requests("home/token"), [own]);
    let notification = json!({
        "event": "task_created", "task_title": "Buy milk",
        "authorization": "Bearer token.for.api://notification-id/.default",
        "idempotency-key": "the-key",
    });
    assert_eq!(fake.requests("notify"), [notification]);
    let entry = json!({
        "action": "task_created", "resource_id": "7", "actor": "user-oid",
        "tenant_id": "guest-tenant", "idempotency-key": "the-key",
        "authorization": "Bearer token.for.api://audit-id/.default",
    });
    assert_eq!(fake.requests("audit"), [entry]);
}
