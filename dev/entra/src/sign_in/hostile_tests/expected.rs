//! What becomes of a hostile request, and what no response may have.

use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::body::{Body, to_bytes};
use http::{HeaderMap, Response, StatusCode, header};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::{Fixture, REDIRECT};

/// The outcome of a request. Codes are AADSTS numbers, of which one must appear.
pub(super) enum Expected {
    /// An error on a page.
    Page(&'static [u32]),
    /// An error at the client's redirect URI.
    AtClient(&'static [u32]),
    /// The page of a sign-in.
    SignIn,
    /// The page of a sign-in, or an error at the client's redirect URI.
    SignInOr(&'static [u32]),
    /// The page of a sign-in with an error, because nobody was signed in.
    NotSignedIn,
    /// `state` at the client's redirect URI, unchanged.
    State(String),
    /// An error of the token endpoint.
    Token(&'static [u32]),
    /// The page for the code of a device, with an error.
    EnterCode,
    /// The page of a sign-out, without a redirect.
    SignedOut,
    /// Any page or redirect that is safe.
    Safe,
    /// One of these statuses.
    Status(&'static [u16]),
}

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

/// Why the response is not the expected one or not safe in itself, if so.
pub(super) async fn failure(
    fixture: &Fixture,
    name: &str,
    response: Response<Body>,
    expected: &Expected,
) -> Option<String> {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let got = Got {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    };
    let checked = catch_unwind(AssertUnwindSafe(|| {
        got.assert_safe(fixture, name);
        got.assert_is(name, expected);
    }));
    checked.err().map(|_| name.to_owned())
}

impl Got {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// What holds for each response to each request.
    fn assert_safe(&self, fixture: &Fixture, name: &str) {
        assert!(!self.status.is_server_error(), "{name}: {}", self.status);
        for cookie in self.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.starts_with("__Host-dev-entra="), "{name}: {cookie}");
            assert!(!cookie.contains("evil"), "{name}: {cookie}");
        }
        if self.headers.contains_key(header::LOCATION) {
            let mut to = Url::parse(self.header(header::LOCATION)).unwrap();
            to.set_fragment(None);
            to.set_query(None);
            let mut applications = fixture.entra.directory.applications().iter();
            let is_registered =
                applications.any(|it| it.redirect_uris.platform_of(to.as_str()).is_some());
            assert!(is_registered, "{name}: redirected to {to}");
        }
        if self.header(header::CONTENT_TYPE).starts_with("text/html") {
            self.assert_page_has_no_script(name);
        }
    }

    fn assert_page_has_no_script(&self, name: &str) {
        let policy = self.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.starts_with("default-src 'none'"), "{name}: {policy}");
        assert_eq!(self.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        // The only script of these pages, which the policy allows by its hash.
        let text = self
            .text
            .replace("<script>document.forms[0].submit()</script>", "");
        for part in [
            "<script",
            "<img",
            "<svg",
            "<base",
            "\" onfocus",
            "href=\"javascript",
            "action=\"javascript",
            "action=\"data:",
        ] {
            assert!(!text.contains(part), "{name}: {part} in {text}");
        }
    }

    fn assert_is(&self, name: &str, expected: &Expected) {
        let Self { status, text, .. } = self;
        match expected {
            Expected::Page(codes) => {
                assert_eq!(*status, StatusCode::BAD_REQUEST, "{name}: {text}");
                self.assert_no_redirect(name);
                assert_has_code(name, text, codes);
            }
            Expected::AtClient(codes) => {
                assert_has_code(name, &self.at_client(name, "error_description"), codes);
            }
            Expected::SignIn => self.assert_shows(name, StatusCode::OK, "Choose a user"),
            Expected::SignInOr(codes) => {
                if *status == StatusCode::FOUND {
                    self.assert_is(name, &Expected::AtClient(codes));
                } else {
                    self.assert_is(name, &Expected::SignIn);
                }
            }
            Expected::NotSignedIn => {
                self.assert_shows(name, StatusCode::UNAUTHORIZED, "invalid username");
            }
            Expected::State(state) => assert_eq!(&self.at_client(name, "state"), state, "{name}"),
            Expected::Token(codes) => self.assert_token_error(name, codes),
            Expected::EnterCode => self.assert_shows(name, StatusCode::OK, "role=\"alert\""),
            Expected::SignedOut => self.assert_shows(name, StatusCode::OK, "signed out"),
            Expected::Safe => {}
            Expected::Status(statuses) => {
                assert!(statuses.contains(&status.as_u16()), "{name}: {status}");
                self.assert_no_redirect(name);
            }
        }
    }

    fn assert_no_redirect(&self, name: &str) {
        assert_eq!(self.header(header::LOCATION), "", "{name}");
    }

    fn assert_shows(&self, name: &str, status: StatusCode, part: &str) {
        assert_eq!(self.status, status, "{name}: {}", self.text);
        self.assert_no_redirect(name);
        assert!(self.text.contains(part), "{name}: {}", self.text);
    }

    fn assert_token_error(&self, name: &str, codes: &[u32]) {
        let body: Value = serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{name}: {error} in {}", self.text));
        let code = body["error_codes"][0].as_u64();
        let is_expected = codes
            .iter()
            .any(|expected| code == Some((*expected).into()));
        assert!(is_expected, "{name}: {codes:?} expected, {body}");
        assert!(self.status.is_client_error(), "{name}: {}", self.status);
        assert_eq!(self.header(header::CONTENT_TYPE), "application/json");
        assert_eq!(self.header(header::CACHE_CONTROL), "no-store");
    }

    /// A parameter at the client's redirect URI.
    fn at_client(&self, name: &str, parameter: &str) -> String {
        assert_eq!(self.status, StatusCode::FOUND, "{name}: {}", self.text);
        let location = self.header(header::LOCATION);
        let (to, response) = location
            .split_once('#')
            .or(location.split_once('?'))
            .unwrap_or_else(|| panic!("{name}: {location}"));
        assert_eq!(to, REDIRECT, "{name}");
        form_urlencoded::parse(response.as_bytes())
            .find(|(found, _)| found == parameter)
            .map_or_else(
                || panic!("{name}: no {parameter} in {location}"),
                |(_, value)| value.into_owned(),
            )
    }
}

fn assert_has_code(name: &str, text: &str, codes: &[u32]) {
    let has = |code: &u32| text.contains(&format!("AADSTS{code}:"));
    assert!(
        codes.iter().any(has),
        "{name}: {codes:?} expected in {text}"
    );
}
