use std::time::Instant;

use axum::response::IntoResponse;
use portcullis_guard::BearerToken;
use serde_json::json;

use super::fake_servers::{Answer, DEADLINE, FakeServers, unreachable_services};
use super::{AuditStatus, Change, Downstream, Event, NotificationStatus, Outcome};

fn change(token: Option<&BearerToken>) -> Change<'_> {
    Change {
        event: Event::Created,
        task_id: 7,
        title: "Buy milk",
        tenant: "guest-tenant",
        actor: "user-oid",
        token,
        request_id: None,
    }
}

async fn announce(downstream: &Downstream, change: &Change<'_>) -> Outcome {
    downstream.announce(change, tokio::time::Instant::now() + DEADLINE).await
}

const DELIVERED: Outcome = Outcome { notification: NotificationStatus::Sent, audit: AuditStatus::Logged };
const FAILED: Outcome = Outcome { notification: NotificationStatus::Failed, audit: AuditStatus::Failed };

#[tokio::test]
async fn statuses_follow_what_the_servers_answer() {
    let token = BearerToken::new("user-token".to_owned());
    for (token_answer, service_answer, expected) in [
        (Answer::Success, Answer::Success, DELIVERED),
        (Answer::Success, Answer::Obstacle, DELIVERED),
        (Answer::Refusal, Answer::Success, FAILED),
        (Answer::Obstacle, Answer::Success, FAILED),
        (Answer::Success, Answer::Refusal, FAILED),
        (Answer::Hang, Answer::Success, FAILED),
        (Answer::Success, Answer::Hang, FAILED),
    ] {
        let downstream = FakeServers::new(token_answer, service_answer).start().await;
        let started = Instant::now();
        let deadline = downstream.admit("guest-tenant", Some(&token)).await;
        // A challenge refuses the request before it changes anything; all else lets it through.
        assert_eq!(deadline.is_err(), token_answer == Answer::Obstacle, "token {token_answer:?}");
        let deadline = deadline.unwrap_or_else(|_| tokio::time::Instant::now() + DEADLINE);
        let outcome = downstream.announce(&change(Some(&token)), deadline).await;
        assert_eq!(outcome, expected, "token {token_answer:?}, service {service_answer:?}");
        // One deadline for all of it: one after the other would take twice as long.
        assert!(started.elapsed() < DEADLINE * 2, "{:?}", started.elapsed());
    }
}

#[tokio::test]
async fn a_challenge_reaches_the_browser_with_its_claims() {
    let token = BearerToken::new("user-token".to_owned());
    let downstream = FakeServers::new(Answer::Obstacle, Answer::Success).start().await;
    let problem = downstream.admit("guest-tenant", Some(&token)).await.unwrap_err();
    assert_eq!((problem.status(), problem.reason()), (401, "interaction_required"));
    let response = problem.into_response();
    let header = response.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert!(header.contains("/guest-tenant/oauth2/v2.0/authorize"), "{header}");
    assert!(header.ends_with(r#"error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#), "{header}");
}

#[tokio::test]
async fn a_refused_connection_is_a_failure() {
    let token = BearerToken::new("user-token".to_owned());
    assert_eq!(announce(&unreachable_services().await, &change(Some(&token))).await, FAILED);
}

#[tokio::test]
async fn without_a_users_token_nothing_is_asked_on_the_users_behalf() {
    let fake = FakeServers::new(Answer::Success, Answer::Success);
    let downstream = fake.start().await;
    downstream.admit("guest-tenant", None).await.unwrap();
    let outcome = announce(&downstream, &change(None)).await;
    assert_eq!(outcome, Outcome { notification: NotificationStatus::Unknown, audit: AuditStatus::Logged });
    assert!(fake.requests("guest-tenant/token").is_empty() && fake.requests("notify").is_empty());
}

#[tokio::test]
async fn the_grants_and_bodies_are_those_of_the_protocol() {
    let fake = FakeServers::new(Answer::Success, Answer::Success);
    let token = BearerToken::new("user-token".to_owned());
    announce(&fake.start().await, &change(Some(&token))).await;
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
        "event": "task_created", "task_title": "Buy milk", "authorization": "Bearer token.for.api://notification-id/.default",
    });
    assert_eq!(fake.requests("notify"), [notification]);
    let entry = json!({
        "action": "task_created", "resource_id": "7", "actor": "user-oid", "tenant_id": "guest-tenant",
        "authorization": "Bearer token.for.api://audit-id/.default",
    });
    assert_eq!(fake.requests("audit"), [entry]);
}

/// How often the user's tenant and the home tenant were asked for a token.
fn token_requests(fake: &FakeServers) -> (usize, usize) {
    (fake.requests("guest-tenant/token").len(), fake.requests("home/token").len())
}

#[tokio::test]
async fn tokens_are_reused_by_the_same_user_only() {
    let fake = FakeServers::new(Answer::Success, Answer::Success);
    let downstream = fake.start().await;
    let (alice, bob) = (BearerToken::new("alice".to_owned()), BearerToken::new("bob".to_owned()));
    for token in [&alice, &alice, &bob, &alice] {
        downstream.admit("guest-tenant", Some(token)).await.unwrap();
        assert_eq!(announce(&downstream, &change(Some(token))).await, DELIVERED);
    }
    assert_eq!(token_requests(&fake), (2, 1));
    let elsewhere = Change { tenant: "other-tenant", ..change(Some(&alice)) };
    announce(&downstream, &elsewhere).await;
    assert_eq!(fake.requests("other-tenant/token").len(), 1);
}

#[tokio::test]
async fn requests_at_once_ask_for_each_token_once() {
    let fake = FakeServers::new(Answer::Success, Answer::Success);
    let downstream = fake.start().await;
    let token = BearerToken::new("user-token".to_owned());
    let change = change(Some(&token));
    let announcement = || announce(&downstream, &change);
    tokio::join!(announcement(), announcement(), announcement());
    assert_eq!(token_requests(&fake), (1, 1));
    assert_eq!((fake.requests("notify").len(), fake.requests("audit").len()), (3, 3));
}

#[tokio::test]
async fn stale_tokens_are_not_reused_and_refused_ones_are_replaced_once() {
    let token = BearerToken::new("user-token".to_owned());
    let stale = FakeServers::new(Answer::Success, Answer::Success).with_tokens_stale_at_once();
    let refused = FakeServers::new(Answer::Success, Answer::Refusal);
    for (fake, requests) in [(stale, 2), (refused, 4)] {
        let downstream = fake.start().await;
        announce(&downstream, &change(Some(&token))).await;
        announce(&downstream, &change(Some(&token))).await;
        assert_eq!(token_requests(&fake), (requests, requests), "{fake:?}");
    }
}
