//! Repeated parameters, and confusion of tenants, modes, types and prompts.

use super::expected::Expected::{AtClient, Page, Token};
use super::protocol::{LOGOUT, TOKEN};
use super::{Row, authorize_path, changed, spa_request};
use crate::fixture::{FABRIKAM, NO_RIGHTS, password_form, with};
use crate::sign_in::test_browser::encoded;

pub(super) fn rows() -> Vec<Row> {
    [repeated(), tenants(), modes_and_types(), silent()]
        .into_iter()
        .flatten()
        .collect()
}

fn repeated() -> Vec<Row> {
    let mut rows = Vec::new();
    for (field, value) in spa_request() {
        for (name, second) in [("same", value), ("other", "evil"), ("empty", "")] {
            let second = encoded(&[(field, second)]);
            let query = format!("{}&{second}", encoded(&spa_request()));
            rows.push(Row::get(
                format!("authorize, {field} repeated: {name}"),
                &authorize_path(&query),
                Page(&[9_002_313]),
            ));
        }
    }
    for (field, value) in password_form() {
        for (name, second) in [("same", value), ("other", "evil"), ("empty", "")] {
            let second = encoded(&[(field, second)]);
            rows.push(Row::post(
                format!("token, {field} repeated: {name}"),
                TOKEN,
                &format!("{}&{second}", encoded(&password_form())),
                Token(&[9_002_313]),
            ));
        }
    }
    rows.push(Row::get(
        "logout, redirect URI repeated".to_owned(),
        &format!(
            "{LOGOUT}?post_logout_redirect_uri=http://localhost:3000/\
             &post_logout_redirect_uri=https://evil.example/"
        ),
        Page(&[9_002_313]),
    ));
    rows
}

fn tenants() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, tenant, codes) in [
        ("of another tenant", FABRIKAM, &[500_011, 700_016][..]),
        ("consumers", "consumers", &[700_016]),
        ("unknown", "33333333-3333-4333-8333-333333333333", &[90002]),
        ("name", "contoso", &[90002]),
    ] {
        let query = changed(&spa_request(), "client_id", NO_RIGHTS);
        rows.push(Row::get(
            format!("authorize, single-tenant client, tenant: {name}"),
            &format!("/{tenant}/oauth2/v2.0/authorize?{query}"),
            Page(codes),
        ));
    }
    for shared in ["common", "organizations", "COMMON", "Organizations"] {
        let query = changed(&spa_request(), "client_id", NO_RIGHTS);
        rows.push(Row::get(
            format!("authorize, single-tenant client at {shared}"),
            &format!("/{shared}/oauth2/v2.0/authorize?{query}"),
            Page(&[50194]),
        ));
    }
    rows
}

fn modes_and_types() -> Vec<Row> {
    let mut rows = Vec::new();
    for kind in [
        "token",
        "id_token",
        "none",
        "code token",
        "code id_token",
        "id_token token",
        "code id_token token",
        "code code",
        "CODE",
        "code,",
        "code ",
    ] {
        let query = encoded(&with(&spa_request(), "response_type", kind));
        rows.push(Row::get(
            format!("authorize, response_type '{kind}'"),
            &authorize_path(&query),
            AtClient(&[700_054]),
        ));
    }
    for mode in [
        "web_message",
        "jwt",
        "query.jwt",
        "form_post.jwt",
        "okta_post_message",
        "FRAGMENT",
        "query fragment",
        "none",
    ] {
        let query = encoded(&with(&spa_request(), "response_mode", mode));
        rows.push(Row::get(
            format!("authorize, response_mode '{mode}'"),
            &authorize_path(&query),
            Page(&[9_002_313]),
        ));
    }
    rows
}

/// A silent request never shows a page, whatever else it has.
fn silent() -> Vec<Row> {
    let silent = with(&spa_request(), "prompt", "none");
    [
        ("login_hint", "mallory@fabrikam.example"),
        ("login_hint", "\"><script>alert(1)</script>"),
        ("sid", "guess"),
        ("id_token_hint", "e30.e30."),
        ("request", "e30.e30."),
        ("request_uri", "https://evil.example/request.jwt"),
        (
            "registration",
            "{\"redirect_uris\":[\"https://evil.example/\"]}",
        ),
        ("max_age", "-1"),
    ]
    .into_iter()
    .map(|(field, value)| {
        Row::get(
            format!("authorize, silent with {field} {value}"),
            &authorize_path(&encoded(&with(&silent, field, value))),
            AtClient(&[50058]),
        )
    })
    .chain([Row::get(
        "authorize, silent in upper case".to_owned(),
        &authorize_path(&encoded(&with(&spa_request(), "prompt", "NONE"))),
        AtClient(&[90023]),
    )])
    .collect()
}
