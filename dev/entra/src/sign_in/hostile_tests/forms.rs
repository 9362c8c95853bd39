//! Forms of pages: `/sign-in` of a sign-in that has begun, `/devicelogin` and `/logout`.

use http::header;

use super::expected::Expected::{self, EnterCode, NotSignedIn, Page, Safe, SignIn, SignedOut};
use super::values::{Value, values};
use super::{CONTOSO, Row};

/// A sign-in that waits for its user, and the cookie of its browser.
pub(super) struct Started {
    pub(super) handle: String,
    pub(super) cookie: String,
}

/// A field of the form, with the others that it needs.
struct Field {
    name: &'static str,
    others: &'static str,
    expected: Expected,
}

const fn field(name: &'static str, others: &'static str, expected: Expected) -> Field {
    Field {
        name,
        others,
        expected,
    }
}

const FIELDS: [Field; 6] = [
    field(
        "sign_in",
        "user=ada.admin@contoso.example",
        Page(&[165_000]),
    ),
    field("action", "", Page(&[9_002_313])),
    // An unknown session is nobody's, so the user chooses again.
    field("session", "", SignIn),
    field("user", "", NotSignedIn),
    field("username", "action=password&password=x", NotSignedIn),
    field(
        "password",
        "action=password&username=ada.admin@contoso.example",
        NotSignedIn,
    ),
];

pub(super) fn rows(started: &Started) -> Vec<Row> {
    let mut rows = Vec::new();
    for value in values() {
        rows.extend(FIELDS.map(|field| of_field(started, &value, field)));
        rows.extend(of_other_forms(&value));
    }
    rows.extend(cookies(started));
    rows
}

fn of_field(started: &Started, value: &Value, field: Field) -> Row {
    let Field {
        name,
        others,
        expected,
    } = field;
    let Value {
        name: kind,
        encoded,
    } = value;
    let handle = match name {
        "sign_in" => String::new(),
        _ => format!("&sign_in={}", started.handle),
    };
    Row::post(
        format!("sign-in, {name}: {kind}"),
        "/sign-in",
        &format!("{name}={encoded}{handle}&{others}"),
        expected,
    )
    .with(header::COOKIE, &started.cookie)
}

fn of_other_forms(Value { name, encoded }: &Value) -> [Row; 4] {
    let logout = format!("/{CONTOSO}/oauth2/v2.0/logout");
    let to = "post_logout_redirect_uri=http://localhost:3000/";
    [
        Row::post(
            format!("device, code: {name}"),
            "/devicelogin",
            &format!("user_code={encoded}"),
            EnterCode,
        ),
        Row::get(
            format!("logout, state: {name}"),
            &format!("{logout}?{to}&state={encoded}"),
            Safe,
        ),
        Row::get(
            format!("logout, client: {name}"),
            &format!("{logout}?post_logout_redirect_uri=https://evil.example/&client_id={encoded}"),
            SignedOut,
        ),
        Row::post(
            format!("logout, hint: {name}"),
            &logout,
            &format!("logout_hint={encoded}"),
            SignedOut,
        ),
    ]
}

/// The form of a sign-in with cookies that are not its browser's.
fn cookies(started: &Started) -> Vec<Row> {
    let Started { handle, cookie } = started;
    let other = "__Host-dev-entra=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    [
        ("none", String::new()),
        ("empty", "__Host-dev-entra=".to_owned()),
        ("of another browser", other.to_owned()),
        ("of another browser first", format!("{other}; {cookie}")),
        ("without the prefix", cookie.replace("__Host-", "")),
        (
            "with another prefix",
            cookie.replace("__Host-", "__Secure-"),
        ),
        ("in lower case", cookie.replace("__Host-", "__host-")),
        ("in quotes", cookie.replace('=', "=\"") + "\""),
        (
            "without its last letter",
            cookie[..cookie.len() - 1].to_owned(),
        ),
        ("with one letter more", format!("{cookie}A")),
        (
            "of 60,000 letters",
            format!("__Host-dev-entra={}", "A".repeat(60_000)),
        ),
        (
            "handle of the sign-in",
            format!("__Host-dev-entra={handle}"),
        ),
    ]
    .into_iter()
    .map(|(name, value)| {
        Row::post(
            format!("sign-in, cookie: {name}"),
            "/sign-in",
            &format!("sign_in={handle}&user=ada.admin@contoso.example"),
            Page(&[165_000]),
        )
        .with(header::COOKIE, &value)
        .with(header::ORIGIN, "https://evil.example")
    })
    .collect()
}
