//! Codes, tokens and handles in the hands of another client, browser, endpoint or tenant.

use axum::body::{Body, to_bytes};
use http::{Request, header};
use serde_json::Value;

use super::super::test_browser::{
    VERIFIER, WEB_APPLICATION, code_form, encoded, token, with_web_redirect,
};
use super::{CONTOSO, TestBrowser};
use crate::fixture::{DIRECTORY, FABRIKAM, Fixture, WEB, with};

pub(super) const ORIGIN: &str = "http://localhost:3000";

/// A request of the token endpoint that must be denied.
pub(super) struct Stolen<'a> {
    pub(super) name: &'static str,
    pub(super) tenant: &'static str,
    pub(super) origin: Option<&'static str>,
    pub(super) form: Vec<(&'a str, &'a str)>,
    pub(super) codes: &'static [u64],
}

pub(super) async fn assert_denied(fixture: &Fixture, row: Stolen<'_>) {
    let Stolen {
        name,
        tenant,
        origin,
        form,
        codes,
    } = row;
    let mut request = Request::post(format!("/{tenant}/oauth2/v2.0/token"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(origin) = origin {
        request = request.header(header::ORIGIN, origin);
    }
    let request = request.body(Body::from(encoded(&form))).unwrap();
    let response = fixture.respond(request).await;
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let code = body["error_codes"][0].as_u64();
    let is_expected = codes.iter().any(|expected| code == Some(*expected));
    assert!(is_expected, "{name}: {codes:?} expected, {body}");
}

/// The form of a refresh token of the single-page application.
fn refresh_form(token: &str) -> Vec<(&str, &str)> {
    vec![
        ("grant_type", "refresh_token"),
        ("client_id", WEB),
        ("refresh_token", token),
    ]
}

fn as_web_application<'a>(form: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = with(form, "client_id", WEB_APPLICATION);
    form.push(("client_secret", "task-api-secret"));
    form
}

#[tokio::test]
async fn code_works_only_for_its_client_tenant_origin_and_verifier() {
    let fixture = Fixture::with_directory(&with_web_redirect(DIRECTORY));
    let mut browser = TestBrowser::new(&fixture);
    let code = browser.sign_in_as_ada().await["code"].clone();
    let form = code_form(&code);
    let challenge = super::super::test_browser::CHALLENGE;
    let row = |name, origin, form, codes| Stolen {
        name,
        tenant: CONTOSO,
        origin,
        form,
        codes,
    };
    let spa = Some(ORIGIN);
    let upper = VERIFIER.to_uppercase();
    for row in [
        row(
            "another client",
            None,
            as_web_application(&form),
            &[9_002_327],
        ),
        row(
            "another client, same origin",
            spa,
            as_web_application(&form),
            &[700_025, 70000],
        ),
        row("no client", spa, with(&form, "client_id", ""), &[900_144]),
        row("no origin", None, form.clone(), &[9_002_327]),
        row(
            "no verifier",
            spa,
            with(&form, "code_verifier", ""),
            &[501_481],
        ),
        row(
            "challenge as verifier",
            spa,
            with(&form, "code_verifier", challenge),
            &[501_481],
        ),
        row(
            "verifier in upper case",
            spa,
            with(&form, "code_verifier", &upper),
            &[501_481],
        ),
        row(
            "short verifier",
            spa,
            with(&form, "code_verifier", "a"),
            &[501_481],
        ),
        row(
            "method at redemption",
            spa,
            with(
                &with(&form, "code_verifier", challenge),
                "code_challenge_method",
                "plain",
            ),
            &[501_481],
        ),
        row(
            "no redirect URI",
            spa,
            with(&form, "redirect_uri", ""),
            &[500_112],
        ),
        row(
            "redirect URI without its slash",
            spa,
            with(&form, "redirect_uri", "http://localhost:3000"),
            &[500_112],
        ),
        row("as a refresh token", spa, refresh_form(&code), &[70000]),
        row(
            "as a device code",
            spa,
            vec![
                ("grant_type", "device_code"),
                ("client_id", WEB),
                ("device_code", &code),
            ],
            &[70018],
        ),
        Stolen {
            tenant: FABRIKAM,
            ..row("another tenant", spa, form.clone(), &[70000])
        },
        Stolen {
            tenant: "consumers",
            ..row("consumers", spa, form.clone(), &[9_001_023])
        },
    ] {
        assert_denied(&fixture, row).await;
    }
    let (status, reply) = token(&fixture, spa, &form).await;
    assert_eq!(
        status, 200,
        "denied attempts leave the code to its client: {reply}"
    );
}

#[tokio::test]
async fn refresh_token_works_only_for_its_client_tenant_and_origin() {
    let fixture = Fixture::with_directory(&with_web_redirect(DIRECTORY));
    let mut browser = TestBrowser::new(&fixture);
    let code = browser.sign_in_as_ada().await["code"].clone();
    let (_, reply) = token(&fixture, Some(ORIGIN), &code_form(&code)).await;
    let refresh = reply["refresh_token"].as_str().unwrap();
    let access = reply["access_token"].as_str().unwrap();
    let id = reply["id_token"].as_str().unwrap();
    let form = refresh_form(refresh);
    let row = |name, origin, form, codes| Stolen {
        name,
        tenant: CONTOSO,
        origin,
        form,
        codes,
    };
    let spa = Some(ORIGIN);
    let cookie = browser.cookie.clone().unwrap();
    let cookie = cookie.split_once('=').unwrap().1;
    for row in [
        row(
            "another client",
            spa,
            as_web_application(&form),
            &[700_025, 70000],
        ),
        row(
            "another client, no origin",
            None,
            as_web_application(&form),
            &[9_002_327],
        ),
        row("no origin", None, form.clone(), &[9_002_327]),
        row(
            "unconsented scope",
            spa,
            with(
                &form,
                "scope",
                "api://3a5c0003-0000-4000-8000-000000000003/.default",
            ),
            &[65001],
        ),
        row("as a code", spa, code_form(refresh), &[70000]),
        row("access token", spa, refresh_form(access), &[70000]),
        row("ID token", spa, refresh_form(id), &[70000]),
        row("cookie of the browser", spa, refresh_form(cookie), &[70000]),
        row("cookie as a code", spa, code_form(cookie), &[70000]),
        Stolen {
            tenant: FABRIKAM,
            ..row("another tenant", spa, form.clone(), &[70000])
        },
        Stolen {
            tenant: "consumers",
            ..row("consumers", spa, form.clone(), &[9_001_023])
        },
    ] {
        assert_denied(&fixture, row).await;
    }
    let (status, reply) = token(&fixture, spa, &form).await;
    assert_eq!(status, 200, "{reply}");
}
