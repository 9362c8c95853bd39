//! Denied sign-ins that depend on the directory, on what the user does, or on the time.

use http::StatusCode;

use super::test_browser::{TestBrowser, code_form, spa_request, token};
use crate::clock::now;
use crate::fixture::{CONTOSO, DIRECTORY, Fixture, NO_RIGHTS, WEB, with};
use crate::memory::CODE_LIVES;

const ORIGIN: Option<&str> = Some("http://localhost:3000");
const RITA: &str = "rita.reader@contoso.example";

/// A directory in which only users with a role of the web client may sign in to it.
fn with_assignment() -> String {
    let changed = DIRECTORY.replacen(
        "    publicClient: true\n",
        "    publicClient: true\n    assignmentRequired: true\n",
        1,
    );
    assert_ne!(changed, DIRECTORY);
    changed
}

#[tokio::test]
async fn user_sees_why_an_administrator_has_to_act() {
    struct Case {
        name: &'static str,
        directory: String,
        scope: &'static str,
        code: u32,
    }

    for Case {
        name,
        directory,
        scope,
        code,
    } in [
        Case {
            name: "user without an assignment",
            directory: with_assignment(),
            scope: "openid",
            code: 50105,
        },
        Case {
            name: "scope for administrators",
            directory: DIRECTORY.to_owned(),
            scope: "User.Read.All",
            code: 90094,
        },
    ] {
        let fixture = Fixture::with_directory(&directory);
        let mut browser = TestBrowser::new(&fixture);
        let request = with(&spa_request(), "scope", scope);
        let page = browser.authorize(&request).await;
        let denied = browser.submit(&page, &[("user", RITA)]).await;
        assert_eq!(denied.status, StatusCode::BAD_REQUEST, "{name}");
        let expected = format!("AADSTS{code}:");
        assert!(denied.text.contains(&expected), "{name}: {}", denied.text);
        // A silent request tells the client, because no user sees a page.
        let silent = with(&request, "prompt", "none");
        let (_, response) = browser.authorize(&silent).await.redirect();
        assert_eq!(response["error"], "access_denied", "{name}");
        assert!(
            response["error_description"].starts_with(&expected),
            "{name}: {response:?}"
        );
    }
}

#[tokio::test]
async fn client_learns_that_the_user_declined() {
    let fixture = Fixture::new();
    let mut browser = TestBrowser::new(&fixture);
    let page = browser.authorize(&spa_request()).await;
    let declined = browser.submit(&page, &[("action", "decline")]).await;
    let (_, response) = declined.redirect();
    assert_eq!(response["error"], "access_denied");
    assert!(response["error_description"].starts_with("AADSTS65004:"));
}

#[tokio::test]
async fn client_without_a_redirect_uri_cannot_sign_users_in() {
    let fixture = Fixture::new();
    let request = with(&spa_request(), "client_id", NO_RIGHTS);
    let request = with(&request, "redirect_uri", "");
    let page = TestBrowser::new(&fixture).authorize(&request).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.text.contains("AADSTS500113:"), "{}", page.text);
}

#[tokio::test]
async fn codes_and_refresh_tokens_end() {
    struct Case {
        name: &'static str,
        redirect: &'static str,
        origin: Option<&'static str>,
        /// The number of an expired refresh token.
        code: u32,
    }

    let fixture = Fixture::new();
    let memory = &fixture.entra.memory;
    for Case {
        name,
        redirect,
        origin,
        code,
    } in [
        Case {
            name: "single-page application",
            redirect: "http://localhost:3000/",
            origin: ORIGIN,
            code: 700_084,
        },
        Case {
            name: "native application",
            redirect: "http://localhost:3000/native",
            origin: None,
            code: 70008,
        },
    ] {
        let request = with(&spa_request(), "redirect_uri", redirect);
        let mut browser = TestBrowser::new(&fixture);
        let page = browser.authorize(&request).await;
        let done = browser.submit(&page, &[("user", RITA)]).await;
        let response = done.redirect().1;
        let form = with(&code_form(&response["code"]), "redirect_uri", redirect);
        let ends = |seconds| {
            memory
                .codes
                .change(&response["code"], now(), |code| code.ends = now() + seconds)
        };
        ends(0).unwrap();
        let (_, reply) = token(&fixture, origin, &form).await;
        assert_eq!(reply["error_codes"][0], 70008, "{name}: {reply}");
        ends(CODE_LIVES).unwrap();
        let (_, reply) = token(&fixture, origin, &form).await;
        let refresh = reply["refresh_token"].as_str().unwrap();
        let expire = memory
            .refresh_tokens
            .change(refresh, now(), |token| token.ends = now());
        assert_eq!(expire, Some(()), "{name}");
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", WEB),
            ("refresh_token", refresh),
        ];
        let (_, reply) = token(&fixture, origin, &form).await;
        assert_eq!(reply["error_codes"][0], code, "{name}: {reply}");
    }
}

#[tokio::test]
async fn device_learns_that_its_user_is_late() {
    let fixture = Fixture::new();
    let (_, device) = fixture
        .post_form(
            &format!("/{CONTOSO}/oauth2/v2.0/devicecode"),
            None,
            &[("client_id", WEB), ("scope", "User.Read")],
        )
        .await;
    let code = device["device_code"].as_str().unwrap();
    let form = [
        ("grant_type", "device_code"),
        ("client_id", WEB),
        ("device_code", code),
    ];
    let (_, reply) = token(&fixture, None, &form).await;
    assert_eq!(reply["error_codes"][0], 70016, "{reply}");
    let devices = &fixture.entra.memory.devices;
    let expired = devices.change(code, now(), |device| device.ends = now());
    assert_eq!(expired, Some(()));
    let (_, reply) = token(&fixture, None, &form).await;
    assert_eq!(reply["error_codes"][0], 70020, "{reply}");
    assert_eq!(reply["error"], "expired_token", "{reply}");
}

/// The page has the text of AADSTS90172 without the number, as Entra's.
#[tokio::test]
async fn unknown_code_of_a_device_can_be_entered_again() {
    let fixture = Fixture::new();
    let mut browser = TestBrowser::new(&fixture);
    for code in ["", "BCDFGHJKL", "<script>alert(1)</script>"] {
        let page = browser.post("/devicelogin", &[("user_code", code)]).await;
        assert!(page.text.contains("role=\"alert\""), "{code}");
        assert!(page.text.contains("name=\"user_code\""), "{code}");
        assert!(!page.text.contains("<script"), "{code}");
    }
}
