//! A browser for tests: it keeps the cookie, reads pages, and submits their forms.

use std::collections::BTreeMap;

use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request, StatusCode, header};
use serde_json::Value;
use url::Url;
use url::form_urlencoded::{self, Serializer};

use crate::fixture::{CONTOSO, Fixture, TASK_API, WEB};

pub(super) const REDIRECT: &str = "http://localhost:3000/";
/// The verifier and challenge of RFC 7636, appendix B.
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(super) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(super) struct TestBrowser<'a> {
    pub(super) fixture: &'a Fixture,
    pub(super) cookie: Option<String>,
}

/// What the browser shows after a request.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl<'a> TestBrowser<'a> {
    pub(super) fn new(fixture: &'a Fixture) -> Self {
        Self {
            fixture,
            cookie: None,
        }
    }

    pub(super) async fn get(&mut self, path: &str) -> Shown {
        self.send(Request::get(path), String::new()).await
    }

    pub(super) async fn authorize(&mut self, parameters: &[(&str, &str)]) -> Shown {
        self.authorize_at(CONTOSO, parameters).await
    }

    /// [`TestBrowser::authorize`] at another tenant or shared name.
    pub(super) async fn authorize_at(
        &mut self,
        segment: &str,
        parameters: &[(&str, &str)],
    ) -> Shown {
        let query = encoded(parameters);
        self.get(&format!("/{segment}/oauth2/v2.0/authorize?{query}"))
            .await
    }

    /// Submits the forms of `page` with `fields`.
    pub(super) async fn submit(&mut self, page: &Shown, fields: &[(&str, &str)]) -> Shown {
        let mut form = vec![("sign_in", page.handle())];
        form.extend_from_slice(fields);
        self.post("/sign-in", &form).await
    }

    pub(super) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Shown {
        let request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, encoded(form)).await
    }

    /// Signs Ada in, and returns the parameters at the redirect URI.
    pub(super) async fn sign_in_as_ada(&mut self) -> BTreeMap<String, String> {
        let page = self.authorize(&spa_request()).await;
        let done = self
            .submit(&page, &[("user", "ada.admin@contoso.example")])
            .await;
        done.redirect().1
    }

    async fn send(&mut self, mut request: http::request::Builder, body: String) -> Shown {
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let response = self
            .fixture
            .respond(request.body(Body::from(body)).unwrap())
            .await;
        let (parts, body) = response.into_parts();
        if let Some(cookie) = parts.headers.get(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            self.cookie = Some(pair.to_owned());
        }
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Shown {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }
}

impl Shown {
    pub(super) fn header(&self, name: header::HeaderName) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The handle in the forms of a page.
    pub(super) fn handle(&self) -> &str {
        self.text
            .split(r#"name="sign_in" value=""#)
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or_else(|| panic!("no form of a sign-in: {}", self.text))
    }

    /// The redirect URI without the response, and the parameters of the response.
    pub(super) fn redirect(&self) -> (String, BTreeMap<String, String>) {
        assert_eq!(self.status, StatusCode::FOUND, "{}", self.text);
        let location = self.header(header::LOCATION);
        let mut url = Url::parse(location).unwrap();
        let response = url
            .fragment()
            .or(url.query())
            .unwrap_or_default()
            .to_owned();
        url.set_fragment(None);
        url.set_query(None);
        let parameters = form_urlencoded::parse(response.as_bytes())
            .into_owned()
            .collect();
        (url.to_string(), parameters)
    }
}

/// What MSAL.js sends.
pub(super) fn spa_request() -> Vec<(&'static str, &'static str)> {
    vec![
        ("client_id", WEB),
        ("response_type", "code"),
        ("response_mode", "fragment"),
        ("redirect_uri", REDIRECT),
        (
            "scope",
            "openid profile offline_access \
             api://3a5c0001-0000-4000-8000-000000000001/access_as_user",
        ),
        ("state", "state of the client=/&"),
        ("nonce", "nonce-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("client_info", "1"),
        ("clidata", "1"),
    ]
}

/// The form that redeems a code of [`spa_request`].
pub(super) fn code_form(code: &str) -> Vec<(&str, &str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("client_id", WEB),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
        ("client_info", "1"),
    ]
}

/// Posts a form to the token endpoint, with the origin of a single-page application if given.
pub(super) async fn token(
    fixture: &Fixture,
    origin: Option<&str>,
    form: &[(&str, &str)],
) -> (StatusCode, Value) {
    let mut request = Request::post(format!("/{CONTOSO}/oauth2/v2.0/token"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(origin) = origin {
        request = request.header(header::ORIGIN, origin);
    }
    let response = fixture
        .respond(request.body(Body::from(encoded(form))).unwrap())
        .await;
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

pub(super) fn encoded(pairs: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The task API as a web application that signs users in, for directories of tests.
pub(super) fn with_web_redirect(directory: &str) -> String {
    directory.replacen(
        "secrets: [task-api-secret]",
        "secrets: [task-api-secret]\n    redirectUris: {web: [https://app.example/auth]}",
        1,
    )
}

/// The client id of the application of [`with_web_redirect`].
pub(super) const WEB_APPLICATION: &str = TASK_API;
