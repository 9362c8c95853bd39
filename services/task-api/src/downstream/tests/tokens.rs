use portcullis_guard::BearerToken;

use super::{context, failures, notification, user_token};
use crate::downstream::Notification;
use crate::downstream::fake_servers::{Answer, FakeServers};

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

/// Servers with which a token cannot be reused, and the number of token requests for two calls.
struct Replaced {
    name: &'static str,
    fake: FakeServers,
    requests: usize,
}

#[tokio::test]
async fn stale_token_is_not_reused_and_denied_token_is_replaced_once() {
    let token = user_token();
    for Replaced {
        name,
        fake,
        requests,
    } in [
        Replaced {
            name: "stale token",
            fake: FakeServers::new(Answer::Success, Answer::Success).with_tokens_stale_at_once(),
            requests: 2,
        },
        Replaced {
            name: "denied token",
            fake: FakeServers::new(Answer::Success, Answer::TokenDenied),
            requests: 4,
        },
    ] {
        let downstream = fake.start().await;
        failures(&downstream, &token).await;
        failures(&downstream, &token).await;
        assert_eq!(token_requests(&fake), (requests, requests), "{name}");
    }
}
