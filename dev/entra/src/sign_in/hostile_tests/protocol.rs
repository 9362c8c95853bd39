//! Methods, media types and bodies that the endpoints do not have.

use http::{Method, header};

use super::expected::Expected::{EnterCode, Page, Status, Token};
use super::{Row, authorize_path, changed, spa_request};
use crate::fixture::{password_form, with};
use crate::sign_in::test_browser::encoded;

const AUTHORIZE: &str = "/11111111-1111-4111-8111-111111111111/oauth2/v2.0/authorize";
pub(super) const LOGOUT: &str = "/11111111-1111-4111-8111-111111111111/oauth2/v2.0/logout";
pub(super) const TOKEN: &str = "/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token";

pub(super) fn rows() -> Vec<Row> {
    [methods(), media_types(), authorization_headers(), bodies()]
        .into_iter()
        .flatten()
        .collect()
}

fn methods() -> Vec<Row> {
    let others = ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW"];
    let more = |path| {
        if [TOKEN, "/sign-in"].contains(&path) {
            Some("GET")
        } else {
            None
        }
    };
    [AUTHORIZE, LOGOUT, TOKEN, "/sign-in", "/devicelogin"]
        .into_iter()
        .flat_map(|path| {
            others
                .into_iter()
                .chain(more(path))
                .map(move |it| (path, it))
        })
        .map(|(path, method)| {
            let name = format!("{method} {path}");
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            // A CONNECT to a path matches no route in the same way.
            Row::new(name, method, path, "", Status(&[404, 405]))
        })
        .collect()
}

/// Forms in another media type are no forms. A page of another site can send text/plain and
/// multipart/form-data.
fn media_types() -> Vec<Row> {
    let form = encoded(&password_form());
    let authorize = encoded(&spa_request());
    let mut rows = Vec::new();
    for media_type in [
        "",
        "text/plain",
        "application/json",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/x-www-form-urlencoded-evil",
        "x/application/x-www-form-urlencoded",
    ] {
        for (path, body, expected) in [
            (TOKEN, &form, Token(&[900_144])),
            (AUTHORIZE, &authorize, Page(&[900_144])),
            (
                "/sign-in",
                &"sign_in=x&action=decline".to_owned(),
                Page(&[900_144]),
            ),
            ("/devicelogin", &"user_code=x".to_owned(), EnterCode),
        ] {
            let name = format!("{path} as '{media_type}'");
            let row = Row::new(name, Method::POST, path, body, expected);
            rows.push(if media_type.is_empty() {
                row
            } else {
                row.with(header::CONTENT_TYPE, media_type)
            });
        }
    }
    rows
}

/// Client credentials in the `Authorization` header (RFC 6749 §2.3.1).
fn authorization_headers() -> Vec<Row> {
    let form = encoded(&with(
        &with(&password_form(), "client_id", ""),
        "client_secret",
        "",
    ));
    let long = format!("Basic {}", "A".repeat(9_000));
    [
        ("Bearer token", "Bearer e30.e30.x", 9_002_313),
        ("no scheme", "YTpi", 9_002_313),
        ("empty", "", 9_002_313),
        ("not Base64", "Basic ***", 9_002_313),
        ("no colon", "Basic YWI=", 9_002_313),
        ("invalid UTF-8", "Basic //46YQ==", 9_002_313),
        ("9,000 letters", &long, 9_002_313),
        ("unknown client", "Basic YTpi", 700_016),
        ("script", "Basic PHNjcmlwdD46Yg==", 700_016),
        ("line ends", "Basic YQ0KYjpj", 700_016),
        ("empty client and secret", "Basic Og==", 700_016),
    ]
    .into_iter()
    .map(|(name, value, code)| {
        let expected = match code {
            700_016 => Token(&[700_016]),
            _ => Token(&[9_002_313]),
        };
        Row::post(
            format!("token, Authorization: {name}"),
            TOKEN,
            &form,
            expected,
        )
        .with(header::AUTHORIZATION, value)
    })
    .collect()
}

fn bodies() -> Vec<Row> {
    let large = format!("state={}", "A".repeat(70_000));
    let long = changed(&spa_request(), "state", &"A".repeat(60_000));
    let mut rows: Vec<Row> = [AUTHORIZE, LOGOUT, TOKEN, "/sign-in", "/devicelogin"]
        .into_iter()
        .map(|path| {
            Row::post(
                format!("{path} of 70,000 bytes"),
                path,
                &large,
                Status(&[413]),
            )
        })
        .collect();
    rows.push(Row::get(
        "authorize, query of 60,000 bytes".to_owned(),
        &authorize_path(&long),
        Page(&[90015]),
    ));
    rows.push(Row::post(
        "authorize, form of 60,000 bytes".to_owned(),
        AUTHORIZE,
        &long,
        Page(&[90015]),
    ));
    let scope = "openid+".repeat(5_000);
    rows.push(Row::post(
        "token, scope of 35,000 bytes".to_owned(),
        TOKEN,
        &changed(&password_form(), "scope", &scope),
        Token(&[70011]),
    ));
    for (name, body) in [
        ("empty", ""),
        ("separators", "&&&&;;;;===="),
        ("no names", "=a&=b"),
        ("JSON", r#"{"grant_type":"password"}"#),
    ] {
        let repeated = name == "no names" || name == "separators";
        let expected: &'static [u32] = if repeated {
            &[9_002_313, 900_144]
        } else {
            &[900_144]
        };
        rows.push(Row::post(
            format!("token, body: {name}"),
            TOKEN,
            body,
            Token(expected),
        ));
    }
    rows
}
