use http::{StatusCode, header};
use serde_json::json;

use super::test_browser::{
    REDIRECT, TestBrowser, WEB_APPLICATION, code_form, spa_request, token, with_web_redirect,
};
use crate::fixture::{ADA, CONTOSO, DIRECTORY, Fixture, TASK_API, WEB, decode, with};

mod consent;

const ORIGIN: Option<&str> = Some("http://localhost:3000");

#[tokio::test]
async fn code_flow_signs_a_user_in_and_renews_tokens() {
    let fixture = Fixture::new();
    let mut browser = TestBrowser::new(&fixture);
    let page = browser.authorize(&spa_request()).await;
    assert!(page.text.contains("Ada Admin") && page.text.contains("This is not Microsoft"));
    assert!(!page.text.contains("Mallory"), "she is in another tenant");
    let done = browser
        .submit(&page, &[("user", "ada.admin@contoso.example")])
        .await;
    let (at, response) = done.redirect();
    assert_eq!(at, REDIRECT);
    assert_eq!(response["state"], "state of the client=/&");
    let (status, reply) = token(&fixture, ORIGIN, &code_form(&response["code"])).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let (_, access) = decode(&reply["access_token"]);
    assert_eq!(
        (&access["oid"], &access["aud"], &access["azp"]),
        (&json!(ADA), &json!(TASK_API), &json!(WEB))
    );
    let (_, id) = decode(&reply["id_token"]);
    assert_eq!((&id["nonce"], &id["aud"]), (&json!("nonce-1"), &json!(WEB)));
    assert_eq!(id["sid"], response["session_state"].as_str());

    let refresh = reply["refresh_token"].as_str().unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", WEB),
        ("refresh_token", refresh),
    ];
    let (status, renewed) = token(&fixture, ORIGIN, &form).await;
    assert_eq!(status, StatusCode::OK, "{renewed}");
    assert_ne!(renewed["refresh_token"], refresh);
    assert_eq!(renewed["scope"], reply["scope"]);
    let (_, id) = decode(&renewed["id_token"]);
    assert_eq!(id.get("nonce"), None, "a nonce is for one ID token");
    let life = renewed["refresh_token_expires_in"].as_i64().unwrap();
    assert!((86_000..=86_400).contains(&life), "{life}");
}

#[tokio::test]
async fn silent_request_needs_a_session_and_shows_no_page() {
    let fixture = Fixture::new();
    let mut browser = TestBrowser::new(&fixture);
    let silent = with(&spa_request(), "prompt", "none");
    let (_, response) = browser.authorize(&silent).await.redirect();
    assert_eq!(response["error"], "login_required");
    assert!(response["error_description"].starts_with("AADSTS50058:"));
    assert_eq!(response["state"], "state of the client=/&");

    browser.sign_in_as_ada().await;
    let (_, response) = browser.authorize(&silent).await.redirect();
    assert!(response.contains_key("code"), "{response:?}");
    for (name, hint, error) in [
        ("her own name", "ADA.admin@contoso.example", None),
        (
            "another user",
            "eddie.editor@contoso.example",
            Some("login_required"),
        ),
    ] {
        let (_, response) = browser
            .authorize(&with(&silent, "login_hint", hint))
            .await
            .redirect();
        assert_eq!(response.get("error").map(String::as_str), error, "{name}");
    }
    let page = browser
        .authorize(&with(&spa_request(), "prompt", "login"))
        .await;
    let done = browser
        .submit(&page, &[("user", "eddie.editor@contoso.example")])
        .await;
    assert!(done.redirect().1.contains_key("code"));
    let (_, response) = browser.authorize(&silent).await.redirect();
    assert!(response["error_description"].starts_with("AADSTS16000:"));
}

#[tokio::test]
async fn password_form_admits_only_the_right_password() {
    let fixture = Fixture::new();
    let mut browser = TestBrowser::new(&fixture);
    let page = browser.authorize(&spa_request()).await;
    let mut form = [
        ("username", "ada.admin@contoso.example"),
        ("password", "wrong"),
        ("action", "password"),
    ];
    let again = browser.submit(&page, &form).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    assert!(again.text.contains("invalid username or password"));
    form[1].1 = "Admin-Passw0rd!";
    let done = browser.submit(&again, &form).await;
    assert!(done.redirect().1.contains_key("code"));
}

#[tokio::test]
async fn missing_consent_is_asked_for_once_and_can_be_declined() {
    let directory = DIRECTORY.replace("      other-api: { scopes: [Other.Read] }\n", "");
    let fixture = Fixture::with_directory(&directory);
    let mut browser = TestBrowser::new(&fixture);
    browser.sign_in_as_ada().await;
    let request = with(
        &spa_request(),
        "scope",
        "openid api://3a5c0006-0000-4000-8000-000000000006/Other.Read",
    );
    let silent = with(&request, "prompt", "none");
    let (_, response) = browser.authorize(&silent).await.redirect();
    assert_eq!(response["error"], "consent_required");
    let page = browser.authorize(&request).await;
    assert!(page.text.contains("Other.Read"));
    let (_, declined) = browser
        .submit(&page, &[("action", "decline")])
        .await
        .redirect();
    assert_eq!(declined["error"], "access_denied");
    let page = browser.authorize(&request).await;
    let (_, response) = browser
        .submit(&page, &[("action", "consent")])
        .await
        .redirect();
    let (_, reply) = token(&fixture, ORIGIN, &code_form(&response["code"])).await;
    assert_eq!(decode(&reply["access_token"]).1["scp"], "Other.Read");
    let (_, response) = browser.authorize(&silent).await.redirect();
    assert!(response.contains_key("code"), "{response:?}");
}

#[tokio::test]
async fn step_up_is_a_second_click_for_the_authentication_context() {
    let fixture = Fixture::new();
    let mut browser = TestBrowser::new(&fixture);
    let request = with(
        &spa_request(),
        "scope",
        "openid api://3a5c0002-0000-4000-8000-000000000002/Notify.Send",
    );
    let page = browser.authorize(&request).await;
    let page = browser
        .submit(&page, &[("user", "connie.conditional@contoso.example")])
        .await;
    assert!(page.text.contains("<code>c1</code>"), "{}", page.text);
    let silent = with(&request, "prompt", "none");
    let (_, response) = browser.authorize(&silent).await.redirect();
    assert_eq!(response["error"], "interaction_required");
    assert!(response["claims"].contains("c1"));
    let (_, response) = browser
        .submit(&page, &[("action", "step-up")])
        .await
        .redirect();
    let (_, reply) = token(&fixture, ORIGIN, &code_form(&response["code"])).await;
    assert_eq!(decode(&reply["access_token"]).1["acrs"], json!(["c1"]));
}

#[tokio::test]
async fn request_without_a_registered_redirect_uri_goes_nowhere() {
    let fixture = Fixture::new();
    let mut browser = TestBrowser::new(&fixture);
    for (name, field, value, code) in [
        ("other host", "redirect_uri", "https://evil.example/", 50011),
        (
            "longer path",
            "redirect_uri",
            "http://localhost:3000/evil",
            50011,
        ),
        ("script", "redirect_uri", "javascript:alert(1)", 50011),
        (
            "unknown client",
            "client_id",
            "<script>alert(1)</script>",
            700_016,
        ),
        ("no client", "client_id", "", 900_144),
        ("unknown mode", "response_mode", "web_message", 9_002_313),
    ] {
        let page = browser.authorize(&with(&spa_request(), field, value)).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{name}");
        assert!(
            page.text.contains(&format!("AADSTS{code}:")),
            "{name}: {}",
            page.text
        );
        assert!(!page.text.contains("<script>"), "{name}");
        assert_eq!(page.header(header::LOCATION), "", "{name}");
    }
}

#[tokio::test]
async fn malformed_request_is_denied_at_the_redirect_uri() {
    let fixture = Fixture::new();
    let mut browser = TestBrowser::new(&fixture);
    for (name, field, value, error, code) in [
        ("no type", "response_type", "", "invalid_request", 900_144),
        (
            "implicit",
            "response_type",
            "id_token token",
            "unsupported_response_type",
            700_054,
        ),
        ("no scope", "scope", "", "invalid_request", 900_144),
        (
            "unknown resource",
            "scope",
            "api://nowhere/Read",
            "invalid_resource",
            500_011,
        ),
        (
            "two resources",
            "scope",
            "api://a/Read api://b/Read",
            "invalid_scope",
            700_022,
        ),
        (
            "unknown prompt",
            "prompt",
            "always",
            "invalid_request",
            90023,
        ),
        (
            "unknown method",
            "code_challenge_method",
            "S512",
            "invalid_request",
            9_002_313,
        ),
        (
            "short challenge",
            "code_challenge",
            "short",
            "invalid_request",
            9_002_313,
        ),
        ("claims", "claims", "{", "invalid_request", 9_002_313),
    ] {
        let (at, response) = browser
            .authorize(&with(&spa_request(), field, value))
            .await
            .redirect();
        assert_eq!(at, REDIRECT, "{name}");
        assert_eq!(response["error"], error, "{name}");
        let expected = format!("AADSTS{code}:");
        assert!(
            response["error_description"].starts_with(&expected),
            "{name}: {response:?}"
        );
    }
}

#[tokio::test]
async fn code_is_redeemed_once_by_its_client_with_its_verifier() {
    let fixture = Fixture::with_directory(&with_web_redirect(DIRECTORY));
    let mut browser = TestBrowser::new(&fixture);
    let code = browser.sign_in_as_ada().await["code"].clone();
    let form = code_form(&code);
    for (name, origin, form, expected) in [
        ("unknown code", ORIGIN, with(&form, "code", "x"), 70000),
        (
            "other verifier",
            ORIGIN,
            with(&form, "code_verifier", REDIRECT),
            501_481,
        ),
        (
            "no verifier",
            ORIGIN,
            with(&form, "code_verifier", ""),
            501_481,
        ),
        (
            "other redirect URI",
            ORIGIN,
            with(&form, "redirect_uri", "http://localhost:3001/"),
            500_112,
        ),
        ("no origin", None, form.clone(), 9_002_327),
        (
            "with a secret",
            ORIGIN,
            with(&form, "client_secret", "x"),
            700_025,
        ),
        (
            "other client",
            ORIGIN,
            with(&form, "client_id", TASK_API),
            70000,
        ),
    ] {
        let (status, reply) = token(&fixture, origin, &form).await;
        assert_eq!(reply["error_codes"][0], expected, "{name}: {reply}");
        assert_ne!(status, StatusCode::OK, "{name}");
    }
    let (status, _) = token(&fixture, ORIGIN, &form).await;
    assert_eq!(status, StatusCode::OK);
    let (_, reply) = token(&fixture, ORIGIN, &form).await;
    assert_eq!(reply["error_codes"][0], 54005, "{reply}");
}

#[tokio::test]
async fn web_application_redeems_with_its_secret_and_not_across_origins() {
    let fixture = Fixture::with_directory(&with_web_redirect(DIRECTORY));
    let mut browser = TestBrowser::new(&fixture);
    let request = [
        ("client_id", WEB_APPLICATION),
        ("response_type", "code"),
        ("response_mode", "form_post"),
        ("redirect_uri", "https://app.example/auth"),
        ("scope", "openid offline_access"),
        ("state", "\"><script>alert(1)</script>"),
    ];
    let page = browser.authorize(&request).await;
    let done = browser
        .submit(&page, &[("user", "ada.admin@contoso.example")])
        .await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(!done.text.contains("<script>alert"), "{}", done.text);
    let policy = done.header(header::CONTENT_SECURITY_POLICY);
    assert!(
        policy.contains("form-action https://app.example"),
        "{policy}"
    );
    let code = done
        .text
        .split(r#"name="code" value=""#)
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", WEB_APPLICATION),
        ("client_secret", "task-api-secret"),
        ("code", code),
        ("redirect_uri", "https://app.example/auth"),
    ];
    for (name, origin, form, expected) in [
        (
            "across origins",
            Some("https://app.example"),
            form.to_vec(),
            9_002_326,
        ),
        (
            "no secret",
            None,
            with(&form, "client_secret", ""),
            7_000_218,
        ),
        (
            "wrong secret",
            None,
            with(&form, "client_secret", "x"),
            7_000_215,
        ),
        (
            "verifier without a challenge",
            None,
            with(&form, "code_verifier", "x"),
            501_481,
        ),
    ] {
        let (_, reply) = token(&fixture, origin, &form).await;
        assert_eq!(reply["error_codes"][0], expected, "{name}: {reply}");
    }
    let (status, reply) = token(&fixture, None, &form).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let (_, access) = decode(&reply["access_token"]);
    assert_eq!(access["aud"], "https://graph.microsoft.com");
    assert!(reply["refresh_token_expires_in"].is_null());
}

#[tokio::test]
async fn form_of_another_browser_is_denied() {
    let fixture = Fixture::new();
    let mut browser = TestBrowser::new(&fixture);
    let page = browser.authorize(&spa_request()).await;
    let own = browser.cookie.clone();
    for (name, cookie) in [
        ("no cookie", None),
        ("other cookie", Some("__Host-dev-entra=guess".to_owned())),
    ] {
        browser.cookie = cookie;
        let denied = browser
            .submit(&page, &[("user", "ada.admin@contoso.example")])
            .await;
        assert_eq!(denied.status, StatusCode::BAD_REQUEST, "{name}");
        assert!(denied.text.contains("AADSTS165000:"), "{name}");
    }
    browser.cookie = own;
    let done = browser
        .submit(&page, &[("user", "ada.admin@contoso.example")])
        .await;
    assert!(done.redirect().1.contains_key("code"));
}

#[tokio::test]
async fn pages_cannot_be_framed_and_cookies_are_bound_to_the_host() {
    let fixture = Fixture::new();
    let page = TestBrowser::new(&fixture).authorize(&spa_request()).await;
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    for part in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "http://localhost:3000",
    ] {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    assert_eq!(page.header(header::CACHE_CONTROL), "no-store");
    let cookie = page.header(header::SET_COOKIE);
    for part in ["__Host-", "Secure", "HttpOnly", "SameSite=None", "Path=/"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
}

#[tokio::test]
async fn user_of_another_tenant_is_not_admitted() {
    let fixture = Fixture::new();
    let mut browser = TestBrowser::new(&fixture);
    let page = browser.authorize(&spa_request()).await;
    let denied = browser
        .submit(&page, &[("user", "mallory@fabrikam.example")])
        .await;
    assert!(denied.text.contains("AADSTS50020:"), "{}", denied.text);
}

#[tokio::test]
async fn guest_signs_in_with_the_username_of_the_home_tenant() {
    let fixture = Fixture::new();
    let mut browser = TestBrowser::new(&fixture);
    let page = browser.authorize(&spa_request()).await;
    assert!(page.text.contains("Gail Guest"));
    let password = [
        ("action", "password"),
        ("username", "gail.guest@fabrikam.example"),
        ("password", "Guest-Passw0rd!"),
    ];
    let (_, response) = browser.submit(&page, &password).await.redirect();
    let (_, reply) = token(&fixture, ORIGIN, &code_form(&response["code"])).await;
    let (_, access) = decode(&reply["access_token"]);
    assert_eq!(
        (&access["tid"], &access["oid"]),
        (
            &json!(CONTOSO),
            &json!("aaaaaaaa-0005-4000-8000-000000000005")
        )
    );
    let mut browser = TestBrowser::new(&fixture);
    let page = browser.authorize_at("organizations", &spa_request()).await;
    let offered = page
        .text
        .matches("value=\"gail.guest@fabrikam.example\"")
        .count();
    assert_eq!(offered, 1, "only the home account: {}", page.text);
}

#[tokio::test]
async fn sign_out_ends_the_session_and_redirects_only_to_registered_uris() {
    let fixture = Fixture::new();
    for (name, wanted, redirects) in [
        ("registered", "http://localhost:3000/", true),
        ("other", "https://evil.example/", false),
    ] {
        let mut browser = TestBrowser::new(&fixture);
        browser.sign_in_as_ada().await;
        let out = browser
            .get(&format!(
                "/{CONTOSO}/oauth2/v2.0/logout?post_logout_redirect_uri={wanted}&state=s"
            ))
            .await;
        if redirects {
            assert_eq!(
                out.header(header::LOCATION),
                format!("{wanted}?state=s"),
                "{name}"
            );
        } else {
            assert_eq!(out.status, StatusCode::OK, "{name}");
            assert!(out.text.contains("signed out"), "{name}");
        }
        let silent = with(&spa_request(), "prompt", "none");
        let (_, response) = browser.authorize(&silent).await.redirect();
        assert_eq!(response["error"], "login_required", "{name}");
    }
}

#[tokio::test]
async fn device_waits_for_its_user() {
    let fixture = Fixture::new();
    for (name, action, expected) in [
        ("granted", ("user", "ada.admin@contoso.example"), None),
        ("declined", ("action", "decline"), Some(70018)),
    ] {
        let mut browser = TestBrowser::new(&fixture);
        let (_, device) = fixture
            .post_form(
                &format!("/{CONTOSO}/oauth2/v2.0/devicecode"),
                None,
                &[
                    ("client_id", WEB),
                    ("scope", "openid offline_access User.Read"),
                ],
            )
            .await;
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", WEB),
            ("device_code", device["device_code"].as_str().unwrap()),
        ];
        let (_, reply) = token(&fixture, None, &form).await;
        assert_eq!(reply["error"], "authorization_pending", "{name}");
        let wrong = browser
            .post("/devicelogin", &[("user_code", "AAAAAAAAA")])
            .await;
        assert!(wrong.text.contains("code didn't work") || wrong.text.contains("code didn&#39;t"));
        let code = device["user_code"].as_str().unwrap().to_lowercase();
        let page = browser.post("/devicelogin", &[("user_code", &code)]).await;
        browser.submit(&page, &[action]).await;
        let (status, reply) = token(&fixture, None, &form).await;
        match expected {
            None => {
                assert_eq!(status, StatusCode::OK, "{name}: {reply}");
                assert!(reply["refresh_token"].is_string(), "{name}");
                let (_, reply) = token(&fixture, None, &form).await;
                assert_eq!(reply["error"], "bad_verification_code", "{name}: used up");
            }
            Some(code) => assert_eq!(reply["error_codes"][0], code, "{name}: {reply}"),
        }
    }
}
