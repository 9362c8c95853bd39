//! Each hostile value in each parameter of `/authorize` and `/token`.

use super::expected::Expected::{self, AtClient, Page, SignIn, SignInOr, State, Status, Token};
use super::values::{Value, decoded, values};
use super::{Row, authorize_path, changed, spa_request};
use crate::fixture::{CONTOSO, TASK_API, WEB, credentials_form, obo_form, password_form, with};

/// What `/authorize` does with a hostile value, by parameter.
fn at_authorize(parameter: &str) -> Expected {
    match parameter {
        "client_id" => Page(&[700_016]),
        "redirect_uri" => Page(&[50011]),
        "response_mode" => Page(&[9_002_313]),
        "response_type" => AtClient(&[700_054]),
        "prompt" => AtClient(&[90023]),
        "code_challenge" | "code_challenge_method" | "claims" => AtClient(&[9_002_313]),
        // The scopes of Microsoft Graph are checked after the sign-in, because a user may consent.
        "scope" => SignInOr(&[70011, 500_011, 700_022]),
        _ => SignIn,
    }
}

const AUTHORIZE: [&str; 17] = [
    "client_id",
    "redirect_uri",
    "response_mode",
    "response_type",
    "prompt",
    "code_challenge",
    "code_challenge_method",
    "claims",
    "scope",
    "state",
    "nonce",
    "login_hint",
    "domain_hint",
    "sid",
    "client_info",
    "client-request-id",
    "unknown",
];

pub(super) fn authorize() -> Vec<Row> {
    let mut rows = Vec::new();
    for value in values() {
        let Value { name, encoded } = &value;
        for parameter in AUTHORIZE {
            let query = changed(&spa_request(), parameter, encoded);
            let row = |endpoint, path: &str| {
                let name = format!("{endpoint}, {parameter}: {name}");
                Row::get(name, path, at_authorize(parameter))
            };
            rows.push(row("authorize", &authorize_path(&query)));
        }
        rows.extend(in_path_and_state(&value));
    }
    rows
}

/// A value as a tenant, as the name of a parameter, and as a state, which comes back unchanged.
fn in_path_and_state(Value { name, encoded }: &Value) -> [Row; 4] {
    let query = super::super::test_browser::encoded(&spa_request());
    let silent = with(&spa_request(), "prompt", "none");
    let form_post = with(&silent, "response_mode", "form_post");
    [
        Row::get(
            format!("authorize, tenant: {name}"),
            &format!("/{encoded}/oauth2/v2.0/authorize?{query}"),
            Status(&[400]),
        ),
        Row::get(
            format!("authorize, name of a parameter: {name}"),
            &authorize_path(&format!("{query}&{encoded}=1")),
            SignIn,
        ),
        Row::get(
            format!("authorize, state of a silent request: {name}"),
            &authorize_path(&changed(&silent, "state", encoded)),
            State(decoded(encoded)),
        ),
        Row::get(
            format!("authorize, state in a form: {name}"),
            &authorize_path(&changed(&form_post, "state", encoded)),
            Status(&[200]),
        ),
    ]
}

/// An accepted form of the token endpoint, the parameter that is replaced, and the codes.
type TokenPlace = (Vec<(&'static str, &'static str)>, &'static str, Expected);

fn token_places() -> Vec<TokenPlace> {
    let code = |grant_type, field| {
        vec![
            ("grant_type", grant_type),
            ("client_id", WEB),
            (field, "x"),
            ("redirect_uri", "http://localhost:3000/"),
        ]
    };
    let credentials = || credentials_form(TASK_API, "task-api-secret");
    let jwt_bearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let mut assertion = with(&credentials(), "client_secret", "");
    assertion.push(("client_assertion_type", jwt_bearer));
    vec![
        (password_form(), "grant_type", Token(&[70003])),
        (password_form(), "client_id", Token(&[700_016])),
        (password_form(), "username", Token(&[50126])),
        (password_form(), "password", Token(&[50126])),
        (password_form(), "scope", Token(&[70011, 500_011, 700_022])),
        (password_form(), "claims", Token(&[9_002_313])),
        (password_form(), "client_secret", Token(&[700_025])),
        (credentials(), "client_secret", Token(&[7_000_215])),
        (credentials(), "scope", Token(&[1_002_012])),
        (assertion, "client_assertion", Token(&[50027])),
        (obo_form("x"), "assertion", Token(&[50013])),
        (obo_form("x"), "requested_token_use", Token(&[9_002_313])),
        (obo_form("x"), "grant_type", Token(&[70003])),
        (code("authorization_code", "code"), "code", Token(&[70000])),
        (
            code("refresh_token", "refresh_token"),
            "refresh_token",
            Token(&[70000]),
        ),
        (
            code("device_code", "device_code"),
            "device_code",
            Token(&[70018]),
        ),
    ]
}

pub(super) fn token() -> Vec<Row> {
    let mut rows = Vec::new();
    for Value { name, encoded } in values() {
        for (form, parameter, expected) in token_places() {
            let grant = form.first().map_or("", |(_, value)| value);
            rows.push(Row::post(
                format!("token, {grant}, {parameter}: {name}"),
                &format!("/{CONTOSO}/oauth2/v2.0/token"),
                &changed(&form, parameter, &encoded),
                expected,
            ));
        }
        let form = super::super::test_browser::encoded(&password_form());
        rows.push(Row::post(
            format!("token, tenant: {name}"),
            &format!("/{encoded}/oauth2/v2.0/token"),
            &form,
            Status(&[400]),
        ));
    }
    rows
}
