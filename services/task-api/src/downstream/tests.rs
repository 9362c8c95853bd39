use std::time::Instant;

use axum::response::IntoResponse;
use portcullis_guard::BearerToken;
use serde_json::json;

use super::fake_servers::{Answer, DEADLINE, FakeServers, unreachable_services};
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
async fn failed_call_has_its_reason_code_within_the_deadline() {
    let token = user_token();
    for (token_answer, service_answer, sent, logged) in [
        (Answer::Success, Answer::Success, None, None),
        (Answer::Success, Answer::Obstacle, None, None),
        (
            Answer::TokenDenied,
            Answer::Success,
            Some(("client_refused", false)),
            Some(("client_refused", false)),
        ),
        (
            Answer::Success,
            Answer::TokenDenied,
            Some(("token_not_accepted", false)),
            Some(("token_not_accepted", false)),
        ),
        (
            Answer::Success,
            Answer::Forbidden,
            Some(("service_refused", false)),
            Some(("service_refused", false)),
        ),
        (
            Answer::Success,
            Answer::Fault,
            Some(("service_refused", true)),
            Some(("service_refused", true)),
        ),
        (
            Answer::Success,
            Answer::Hang,
            Some(("deadline_exceeded", true)),
            Some(("deadline_exceeded", true)),
        ),
    ] {
        let downstream = FakeServers::new(token_answer, service_answer).start().await;
        let started = Instant::now();
        assert!(downstream.admit("guest-tenant", Some(&token)).await.is_ok());
        let answers = failures(&downstream, &token).await;
        assert_eq!(
            answers,
            [sent, logged],
            "token {token_answer:?}, service {service_answer:?}"
        );
        assert!(started.elapsed() < DEADLINE * 2, "{:?}", started.elapsed());
    }
    let unreachable = failures(&unreachable_services().await, &token).await;
    assert!(
        unreachable
            .iter()
            .all(|failure| failure.is_some_and(|(_, transient)| transient)),
        "{unreachable:?}"
    );
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

/// The number of token requests to the user's tenant and to the home tenant.
fn token_requests(fake: &FakeServers) -> (usize, usize) {
    (
        fake.requests("guest-tenant/token").len(),
        fake.requests("home/token").len(),
    )
}

#[tokio::test]
async fn defect_12_token_is_reused_only_for_the_same_user() {
    let fake = FakeServers::new(Answer::Success, Answer::Success);
    let downstream = fake.start().await;
    let alice = BearerToken::new("alice".to_owned());
    let bob = BearerToken::new("bob".to_owned());
    for token in [&alice, &alice, &bob, &alice] {
        downstream.admit("guest-tenant", Some(token)).await.unwrap();
        assert_eq!(failures(&downstream, token).await, [None, None]);
    }
    assert_eq!(token_requests(&fake), (2, 1));
    let elsewhere = Notification {
        tenant: "other-tenant",
        ..notification(&alice)
    };
    downstream.notify(&elsewhere, &context()).await.unwrap();
    assert_eq!(fake.requests("other-tenant/token").len(), 1);
}

#[tokio::test]
async fn concurrent_calls_request_each_token_once() {
    let fake = FakeServers::new(Answer::Success, Answer::Success);
    let downstream = fake.start().await;
    let token = user_token();
    tokio::join!(
        failures(&downstream, &token),
        failures(&downstream, &token),
        failures(&downstream, &token)
    );
    assert_eq!(token_requests(&fake), (1, 1));
    assert_eq!(
        (fake.requests("notify").len(), fake.requests("audit").len()),
        (3, 3)
    );
}

#[tokio::test]
async fn stale_token_is_not_reused_and_denied_token_is_replaced_once() {
    let token = user_token();
    let stale = FakeServers::new(Answer::Success, Answer::Success).with_tokens_stale_at_once();
    let denied = FakeServers::new(Answer::Success, Answer::TokenDenied);
    for (fake, requests) in [(stale, 2), (denied, 4)] {
        let downstream = fake.start().await;
        failures(&downstream, &token).await;
        failures(&downstream, &token).await;
        assert_eq!(token_requests(&fake), (requests, requests), "{fake:?}");
    }
}
