use portcullis_guard::BearerToken;
use serde_json::json;

use super::fake_servers::{Answer, FakeServers, unreachable_services};
use super::{AuditEntry, CallError, Delivery, Downstream, Event, Notification};

const DELIVERY: Delivery<'_> = Delivery { idempotency_key: "the-key", request_id: None };

fn user_token() -> BearerToken {
    BearerToken::new("user-token".to_owned())
}

fn notification(token: &BearerToken) -> Notification<'_> {
    let tenant = "guest-tenant";
    Notification { event: Event::Created, task_title: "Buy milk", tenant, token, delivery: DELIVERY }
}

const ENTRY: AuditEntry<'_> = AuditEntry {
    action: Event::Created,
    resource_id: 7,
    actor: "user-oid",
    tenant: "guest-tenant",
    delivery: DELIVERY,
};

/// The reasons of both calls' failures, and whether each is final.
async fn failures(downstream: &Downstream) -> [Option<(&'static str, bool)>; 2] {
    let token = user_token();
    let notification = notification(&token);
    let (sent, logged) = tokio::join!(downstream.notify(&notification), downstream.audit(&ENTRY));
    [sent, logged].map(|result| result.err().map(|error: CallError| (error.reason(), error.is_final())))
}

#[tokio::test]
async fn what_went_wrong_is_told_apart() {
    for (token, service, expected) in [
        (Answer::Success, Answer::Success, None),
        (Answer::Refusal, Answer::Success, Some(("token_refused", true))),
        (Answer::Success, Answer::Refusal, Some(("token_not_accepted", false))),
        (Answer::Hang, Answer::Success, Some(("token_endpoint_unreachable", false))),
        (Answer::Success, Answer::Hang, Some(("service_unreachable", false))),
        (Answer::Success, Answer::Forbidden, Some(("service_refused", true))),
        (Answer::Success, Answer::Busy, Some(("service_refused", false))),
    ] {
        let downstream = FakeServers::new(token, service).start().await;
        assert_eq!(failures(&downstream).await, [expected, expected], "token {token:?}, service {service:?}");
    }
    let refused = Some(("token_endpoint_unreachable", false));
    assert_eq!(failures(&unreachable_services().await).await, [refused, refused]);
}

#[tokio::test]
async fn the_grants_and_bodies_are_those_of_the_protocol() {
    let fake = FakeServers::new(Answer::Success, Answer::Success);
    assert_eq!(failures(&fake.start().await).await, [None, None]);
    let on_behalf_of = json!({
        "client_id": "task-api-id", "client_secret": "s3cret", "assertion": "user-token",
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "requested_token_use": "on_behalf_of",
        "scope": "api://notification-id/.default",
    });
    assert_eq!(fake.requests("guest-tenant/token"), [on_behalf_of]);
    let own = json!({
        "client_id": "task-api-id", "client_secret": "s3cret",
        "grant_type": "client_credentials", "scope": "api://audit-id/.default",
    });
    assert_eq!(fake.requests("home/token"), [own]);
    let notification = json!({
        "event": "task_created", "task_title": "Buy milk", "authorization": "Bearer token for api://notification-id/.default",
        "idempotency-key": "the-key",
    });
    assert_eq!(fake.requests("notify"), [notification]);
    let entry = json!({
        "action": "task_created", "resource_id": "7", "actor": "user-oid", "tenant_id": "guest-tenant",
        "authorization": "Bearer token for api://audit-id/.default", "idempotency-key": "the-key",
    });
    assert_eq!(fake.requests("audit"), [entry]);
}

/// How often the user's tenant and the home tenant were asked for a token.
fn token_requests(fake: &FakeServers) -> (usize, usize) {
    (fake.requests("guest-tenant/token").len(), fake.requests("home/token").len())
}

#[tokio::test]
async fn defect_12_tokens_are_reused_by_the_same_user_only() {
    let fake = FakeServers::new(Answer::Success, Answer::Success);
    let downstream = fake.start().await;
    let (alice, bob) = (BearerToken::new("alice".to_owned()), BearerToken::new("bob".to_owned()));
    for token in [&alice, &alice, &bob, &alice] {
        downstream.notify(&notification(token)).await.unwrap();
        downstream.audit(&ENTRY).await.unwrap();
    }
    assert_eq!(token_requests(&fake), (2, 1));
    let elsewhere = Notification { tenant: "other-tenant", ..notification(&alice) };
    downstream.notify(&elsewhere).await.unwrap();
    assert_eq!(fake.requests("other-tenant/token").len(), 1);
}

#[tokio::test]
async fn requests_at_once_ask_for_this_applications_token_once() {
    let fake = FakeServers::new(Answer::Success, Answer::Success);
    let downstream = fake.start().await;
    let results = tokio::join!(downstream.audit(&ENTRY), downstream.audit(&ENTRY), downstream.audit(&ENTRY));
    assert!(matches!(results, (Ok(()), Ok(()), Ok(()))));
    assert_eq!(token_requests(&fake), (0, 1));
    assert_eq!(fake.requests("audit").len(), 3);
}

#[tokio::test]
async fn stale_and_refused_tokens_are_not_reused() {
    let stale = FakeServers::new(Answer::Success, Answer::Success).with_tokens_stale_at_once();
    let refused = FakeServers::new(Answer::Success, Answer::Refusal);
    for fake in [stale, refused] {
        let downstream = fake.start().await;
        failures(&downstream).await;
        failures(&downstream).await;
        assert_eq!(token_requests(&fake), (2, 2), "{fake:?}");
    }
}
