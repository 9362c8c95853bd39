//! What strangers can make dev-entra remember is bounded.

use axum::body::Body;
use http::Request;
use serde_json::json;
use tower::ServiceExt;

use super::super::test_browser::encoded;
use super::{Fixture, TestBrowser, authorize_path, spa_request};
use crate::clock::now;
use crate::fixture::{CONTOSO, password_form, with};
use crate::router::router;

#[tokio::test]
async fn sign_ins_and_sessions_stay_within_the_limits_of_their_tables() {
    let fixture = Fixture::new();
    let path = authorize_path(&encoded(&spa_request()));
    let router = router(fixture.live.clone());
    for _ in 0..20_100 {
        let request = Request::get(&path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
    }
    let memory = &fixture.entra.memory;
    assert_eq!(memory.sign_ins.len(), 10_000);
    assert_eq!(memory.browsers.len(), 20_000);
    let (status, _) = fixture.token(CONTOSO, &password_form()).await;
    assert_eq!(status, 200, "full tables do not keep others out");
}

#[tokio::test]
async fn contexts_of_a_session_are_bounded() {
    let fixture = Fixture::new();
    let mut browser = TestBrowser::new(&fixture);
    browser.sign_in_as_ada().await;
    for number in 0..200 {
        let claims = json!({"access_token": {"acrs": {"value": format!("x{number}")}}}).to_string();
        let request = with(&spa_request(), "claims", &claims);
        let page = browser.authorize(&request).await;
        let done = browser.submit(&page, &[("action", "step-up")]).await;
        assert!(done.redirect().1.contains_key("code"), "{number}");
    }
    let cookie = browser.cookie.clone().unwrap();
    let handle = cookie.split_once('=').unwrap().1;
    let remembered = fixture.entra.memory.browsers.get(handle, now()).unwrap();
    let contexts = &remembered.accounts()[0].contexts;
    assert!(contexts.len() <= 64, "{}", contexts.len());
    assert!(contexts.contains("x199"));
}

#[tokio::test]
async fn requested_contexts_are_few_and_short() {
    let fixture = Fixture::new();
    for (name, values, is_accepted) in [
        ("sixteen", vec!["c1".to_owned(); 16], true),
        ("seventeen", vec!["c1".to_owned(); 17], false),
        ("64 letters", vec!["c".repeat(64)], true),
        ("65 letters", vec!["c".repeat(65)], false),
    ] {
        let claims = json!({"access_token": {"acrs": {"values": values}}}).to_string();
        let form = with(&password_form(), "claims", &claims);
        let (status, reply) = fixture.token(CONTOSO, &form).await;
        assert_eq!(status == 200, is_accepted, "{name}: {reply}");
    }
}
