//! The pages that a user sees. They work without scripts and by keyboard, and say that they are not
//! Microsoft's.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::authorization_request::{AuthorizationRequest, Prompt};
use super::browser::Account;
use super::consent::Permissions;
use crate::directory::User;
use crate::entra::Entra;
use crate::oauth_error::OAuthError;

const STYLE: &str = include_str!("page.css");
/// Submits the only form of a page (OAuth 2.0 Form Post Response Mode §2).
const SUBMIT: &str = "document.forms[0].submit()";

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| hash_of(STYLE));
static SUBMIT_HASH: LazyLock<String> = LazyLock::new(|| hash_of(SUBMIT));

/// The page where the user chooses an account or signs in.
pub(super) fn sign_in(
    entra: &Entra,
    request: &AuthorizationRequest<'_>,
    accounts: &[Account],
    handle: &str,
    error: Option<&OAuthError>,
) -> Response {
    // A request for a fresh sign-in offers no session.
    let offered = match request.prompt {
        Prompt::Login => &[],
        _ => accounts,
    };
    let signed_in = offered.iter().filter_map(|account| {
        let user = account.of(&entra.directory)?;
        request.realm.admits(user).then_some((account, user))
    });
    let users = entra.directory.users().iter().filter(|user| {
        let tenant = entra.directory.tenant_of(user);
        request.realm.admits(user) && tenant.is_some_and(|tenant| request.client.is_in(tenant))
    });
    let body = html! {
        h1 { "Sign in to " (request.client.key) }
        @if let Some(error) = error {
            p .error role="alert" { (error) }
        }
        (form(handle, &html! {
            ul .choices {
                @for (account, user) in signed_in {
                    li { button name="session" value=(account.session) {
                        strong { (user.name) } span { (user.username) " · signed in" }
                    } }
                }
            }
        }))
        h2 { "Choose a user" }
        (form(handle, &html! {
            ul .choices {
                @for user in users {
                    li { button name="user" value=(user.username) {
                        strong { (user.name) } span { (user.username) }
                    } }
                }
            }
        }))
        h2 { "Or sign in with a password" }
        (form(handle, &html! {
            label for="username" { "Username" }
            input #username name="username" type="text" autocomplete="username" required
                value=[request.login_hint.as_deref()];
            label for="password" { "Password" }
            input #password name="password" type="password" autocomplete="current-password" required;
            button .primary name="action" value="password" { "Sign in" }
        }))
        (form(handle, &html! {
            button .quiet name="action" value="decline" { "Cancel" }
        }))
    };
    let status = if error.is_some() {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::OK
    };
    page(status, "Sign in", &request.destination.form_target(), &body)
}

/// The page of a step-up: a second click instead of a second factor.
pub(super) fn step_up(
    request: &AuthorizationRequest<'_>,
    user: &User,
    contexts: &[String],
    handle: &str,
) -> Response {
    let body = html! {
        h1 { "Confirm that it is you" }
        p { (request.resource.key) " requires more than a password of " strong { (user.username) } "." }
        p { "Here a click grants the authentication context "
            @for context in contexts { code { (context) } " " } }
        (form(handle, &html! {
            button .primary name="action" value="step-up" { "Confirm" }
            button .quiet name="action" value="decline" { "Cancel" }
        }))
    };
    page(
        StatusCode::OK,
        "Confirm",
        &request.destination.form_target(),
        &body,
    )
}

/// The page where the user allows the client to use scopes.
pub(super) fn consent(
    request: &AuthorizationRequest<'_>,
    user: &User,
    wanted: &[Permissions<'_>],
    handle: &str,
) -> Response {
    let body = html! {
        h1 { "Permissions requested" }
        @for Permissions { client, resource, scopes } in wanted {
            p { strong { (client.key) } " wants to use " strong { (resource.key) }
                " for " strong { (user.username) } ":" }
            ul { @for scope in scopes { li { code { (scope) } } } }
        }
        (form(handle, &html! {
            button .primary name="action" value="consent" { "Accept" }
            button .quiet name="action" value="decline" { "Cancel" }
        }))
        (form(handle, &html! {
            button .quiet name="action" value="another" { "Use another account" }
        }))
    };
    page(
        StatusCode::OK,
        "Permissions requested",
        &request.destination.form_target(),
        &body,
    )
}

/// The page where the user of a device enters its code.
pub(super) fn enter_code(error: Option<&OAuthError>) -> Response {
    let body = html! {
        h1 { "Enter code" }
        p { "Enter the code that your device or command line shows. Do not enter a code that another person sent you." }
        @if let Some(error) = error {
            p .error role="alert" { (error) }
        }
        form method="post" action="/devicelogin" {
            label for="code" { "Code" }
            input #code name="user_code" type="text" autocomplete="off" required autofocus;
            button .primary { "Next" }
        }
    };
    page(StatusCode::OK, "Enter code", "", &body)
}

/// An error that does not go to the client.
pub(super) fn error(error: &OAuthError) -> Response {
    let described = error.described();
    let body = html! {
        h1 { "Sign-in failed" }
        p .error role="alert" { (described.description) }
    };
    page(StatusCode::BAD_REQUEST, "Sign-in failed", "", &body)
}

/// A page that says something, and frames `frames` invisibly.
pub(super) fn message(title: &str, text: &str, frames: &[&str]) -> Response {
    let body = html! {
        h1 { (title) }
        p { (text) }
        @for frame in frames { iframe hidden src=(frame) title="Sign-out of an application" {} }
    };
    let mut response = page(StatusCode::OK, title, "", &body);
    if !frames.is_empty() {
        let policy = format!("{}; frame-src {}", policy("", ""), frames.join(" "));
        set_policy(response.headers_mut(), &policy);
    }
    response
}

/// A form that submits itself to the client. It may be framed, because the request may be silent.
pub(super) fn form_post(
    action: &str,
    form_target: &str,
    parameters: &[(&'static str, String)],
) -> Response {
    let body = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "Continue to the application" } }
            body {
                form method="post" action=(action) {
                    @for (name, value) in parameters {
                        input type="hidden" name=(name) value=(value);
                    }
                    noscript { button { "Continue" } }
                }
                script { (PreEscaped(SUBMIT)) }
            }
        }
    };
    let mut response = Html(body.into_string()).into_response();
    let policy = format!(
        "default-src 'none'; base-uri 'none'; script-src '{}'; form-action {form_target}",
        *SUBMIT_HASH
    );
    set_headers(response.headers_mut(), &policy);
    response
}

fn form(handle: &str, fields: &Markup) -> Markup {
    html! {
        form method="post" action="/sign-in" {
            input type="hidden" name="sign_in" value=(handle);
            (fields)
        }
    }
}

fn page(status: StatusCode, title: &str, form_target: &str, body: &Markup) -> Response {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – dev-entra" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header role="note" {
                    strong { "This is not Microsoft." }
                    " dev-entra imitates a sign-in for development. Enter no real password."
                }
                main { (body) }
            }
        }
    };
    let mut response = (status, Html(document.into_string())).into_response();
    set_headers(
        response.headers_mut(),
        &policy(form_target, "; frame-ancestors 'none'"),
    );
    response
}

/// The Content-Security-Policy. `form-action` names the client too, because browsers apply it to
/// the redirect that follows a form.
fn policy(form_target: &str, rest: &str) -> String {
    format!(
        "default-src 'none'; base-uri 'none'; style-src '{}'; form-action 'self' {form_target}{rest}",
        *STYLE_HASH
    )
}

fn set_headers(headers: &mut HeaderMap, policy: &str) {
    set_policy(headers, policy);
    let fixed: [(HeaderName, &'static str); 3] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn set_policy(headers: &mut HeaderMap, policy: &str) {
    // Redirect URIs are parsed, so that they have only characters of a header. If one does not, the
    // strictest policy is safe.
    let value = HeaderValue::try_from(policy)
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
    headers.insert(header::CONTENT_SECURITY_POLICY, value);
}

fn hash_of(text: &str) -> String {
    format!(
        "sha256-{}",
        STANDARD.encode(digest(&SHA256, text.as_bytes()))
    )
}
