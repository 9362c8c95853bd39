//! Hostile requests to the endpoints of browsers and clients: values × places, redirect URIs,
//! methods, media types and bodies. [`stolen`] and [`binding`] have what belongs to
//! another client, browser or tenant.

mod binding;
mod confusion;
mod expected;
mod forms;
mod memory;
mod places;
mod protocol;
mod redirects;
mod stolen;
mod values;

use std::collections::BTreeSet;

use axum::body::Body;
use http::{Method, Request, header};

use super::test_browser::{REDIRECT, TestBrowser, spa_request};
use crate::fixture::{CONTOSO, Fixture};
use expected::Expected;

/// The least number of rows: a group that is no longer generated must not go unnoticed.
const LEAST_ROWS: usize = 1000;

/// A request, and what must become of it.
struct Row {
    name: String,
    request: Request<Body>,
    expected: Expected,
}

impl Row {
    fn get(name: String, path: &str, expected: Expected) -> Self {
        Self::new(name, Method::GET, path, "", expected)
    }

    /// A form. `body` is encoded already, so that its encoding can be wrong.
    fn post(name: String, path: &str, body: &str, expected: Expected) -> Self {
        Self::new(name, Method::POST, path, body, expected)
            .with(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
    }

    fn new(name: String, method: Method, path: &str, body: &str, expected: Expected) -> Self {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::from(body.to_owned()))
            .unwrap_or_else(|error| panic!("{name}: {path}: {error}"));
        Self {
            name,
            request,
            expected,
        }
    }

    fn with(mut self, name: header::HeaderName, value: &str) -> Self {
        let value = value.parse().unwrap();
        self.request.headers_mut().insert(name, value);
        self
    }
}

/// The query or form of an accepted request, with `name` replaced by an encoded value.
fn changed(accepted: &[(&str, &str)], name: &str, encoded: &str) -> String {
    let others: Vec<(&str, &str)> = accepted
        .iter()
        .copied()
        .filter(|(field, _)| *field != name)
        .collect();
    format!("{}&{name}={encoded}", super::test_browser::encoded(&others))
}

fn authorize_path(query: &str) -> String {
    format!("/{CONTOSO}/oauth2/v2.0/authorize?{query}")
}

#[tokio::test]
async fn hostile_requests_end_as_their_group_does() {
    let fixture = Fixture::new();
    let mut browser = TestBrowser::new(&fixture);
    let page = browser.authorize(&spa_request()).await;
    let started = forms::Started {
        handle: page.handle().to_owned(),
        cookie: browser.cookie.clone().unwrap(),
    };
    let rows: Vec<Row> = [
        places::authorize(),
        places::token(),
        forms::rows(&started),
        redirects::rows(),
        protocol::rows(),
        confusion::rows(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let names: BTreeSet<String> = rows.iter().map(|row| row.name.clone()).collect();
    assert_eq!(names.len(), rows.len(), "each row has a name of its own");
    assert!(rows.len() >= LEAST_ROWS, "{} rows", rows.len());
    let mut failures = Vec::new();
    for Row {
        name,
        request,
        expected,
    } in rows
    {
        let response = fixture.respond(request).await;
        failures.extend(expected::failure(&fixture, &name, response, &expected).await);
    }
    // Each has said why above.
    assert!(failures.is_empty(), "{failures:#?}");
}
