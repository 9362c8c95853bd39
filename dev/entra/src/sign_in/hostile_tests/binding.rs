//! What binds a code to its request, a device to its client, and a sign-in to its browser.

use super::stolen::{ORIGIN, Stolen, assert_denied};
use super::{CONTOSO, TestBrowser, spa_request};
use crate::fixture::{Fixture, TASK_API, WEB, with};
use crate::sign_in::test_browser::{VERIFIER, code_form};

#[tokio::test]
async fn request_without_a_challenge_gets_no_tokens_in_a_browser() {
    let fixture = Fixture::new();
    let mut browser = TestBrowser::new(&fixture);
    browser.sign_in_as_ada().await;
    for (name, request, verifier, codes) in [
        (
            "challenge taken away",
            with(&spa_request(), "code_challenge", ""),
            VERIFIER,
            &[501_481][..],
        ),
        (
            "no challenge and no verifier",
            with(&spa_request(), "code_challenge", ""),
            "",
            &[9_002_325],
        ),
        (
            "plain in place of S256",
            with(&spa_request(), "code_challenge_method", "plain"),
            VERIFIER,
            &[501_481],
        ),
        (
            "no method in place of S256",
            with(&spa_request(), "code_challenge_method", ""),
            VERIFIER,
            &[501_481],
        ),
    ] {
        let (_, response) = browser.authorize(&request).await.redirect();
        let form = with(&code_form(&response["code"]), "code_verifier", verifier);
        let row = Stolen {
            name,
            tenant: CONTOSO,
            origin: Some(ORIGIN),
            form,
            codes,
        };
        assert_denied(&fixture, row).await;
    }
}

#[tokio::test]
async fn device_code_works_only_for_its_client() {
    let fixture = Fixture::new();
    let (_, device) = fixture
        .post_form(
            &format!("/{CONTOSO}/oauth2/v2.0/devicecode"),
            None,
            &[("client_id", WEB), ("scope", "openid User.Read")],
        )
        .await;
    let mut browser = TestBrowser::new(&fixture);
    let code = device["user_code"].as_str().unwrap();
    let page = browser.post("/devicelogin", &[("user_code", code)]).await;
    browser
        .submit(&page, &[("user", "ada.admin@contoso.example")])
        .await;
    let code = device["device_code"].as_str().unwrap();
    let form = vec![
        ("grant_type", "device_code"),
        ("client_id", TASK_API),
        ("client_secret", "task-api-secret"),
        ("device_code", code),
    ];
    let row = Stolen {
        name: "another client",
        tenant: CONTOSO,
        origin: None,
        form,
        codes: &[70000],
    };
    assert_denied(&fixture, row).await;
}

#[tokio::test]
async fn handle_of_a_sign_in_works_only_in_its_browser_and_not_after_its_end() {
    let fixture = Fixture::new();
    let mut victim = TestBrowser::new(&fixture);
    let page = victim.authorize(&spa_request()).await;
    let mut other = TestBrowser::new(&fixture);
    other.sign_in_as_ada().await;
    let ada = [("user", "ada.admin@contoso.example")];
    let denied = other.submit(&page, &ada).await;
    assert!(denied.text.contains("AADSTS165000:"), "another browser");
    let declined = victim.submit(&page, &[("action", "decline")]).await;
    assert_eq!(declined.redirect().1["error"], "access_denied");
    let replayed = victim.submit(&page, &ada).await;
    assert!(replayed.text.contains("AADSTS165000:"), "after its end");
}
