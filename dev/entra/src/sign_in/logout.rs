//! Sign-out (OpenID Connect RP-Initiated Logout 1.0, Front-Channel Logout 1.0).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use url::Url;

use super::browser::cookie;
use super::page;
use crate::clock::now;
use crate::directory::{Application, Directory};
use crate::entra::Entra;
use crate::parameters::Parameters;

/// `GET` and `POST /{tenant}/oauth2/v2.0/logout`: ends the sessions of the browser.
pub(crate) async fn logout(
    State(entra): State<Arc<Entra>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let parsed = if body.is_empty() {
        Parameters::parse(query.unwrap_or_default().as_bytes())
    } else {
        Parameters::form(&headers, &body)
    };
    let parameters = match parsed {
        Ok(parameters) => parameters,
        Err(error) => return page::error(&error),
    };
    if let Some(handle) = cookie(&headers) {
        // `logout_hint` is the `login_hint` claim of an ID token, which is a session here.
        entra.memory.browsers.change(handle, now(), |browser| {
            browser.sign_out(parameters.optional("logout_hint"));
        });
    }
    match registered_redirect(&entra.directory, &parameters) {
        Some(location) => redirect(&location),
        None => signed_out(&entra.directory),
    }
}

/// The page for a client that wants no redirect. It calls the front-channel logout URIs.
fn signed_out(directory: &Directory) -> Response {
    let frames: Vec<&str> = directory
        .applications()
        .iter()
        .filter_map(|application| application.front_channel_logout.as_deref())
        .collect();
    page::message(
        "You are signed out",
        "It is safe to close this window.",
        &frames,
    )
}

/// Where the browser goes afterwards, if an application has registered it.
fn registered_redirect(directory: &Directory, parameters: &Parameters) -> Option<String> {
    let wanted = parameters.optional("post_logout_redirect_uri")?;
    let has_it =
        |application: &&Application| application.redirect_uris.platform_of(wanted).is_some();
    let named = parameters.optional("client_id");
    let found = match named.and_then(|id| directory.application(id)) {
        Some(client) => has_it(&client),
        None => directory.applications().iter().any(|it| has_it(&it)),
    };
    let mut location = found.then(|| Url::parse(wanted).ok()).flatten()?;
    if let Some(state) = parameters.optional("state") {
        location.query_pairs_mut().append_pair("state", state);
    }
    Some(location.into())
}

fn redirect(location: &str) -> Response {
    match HeaderValue::try_from(location) {
        Ok(location) => {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::FOUND;
            response.headers_mut().insert(header::LOCATION, location);
            response
        }
        Err(_) => page::message(
            "You are signed out",
            "It is safe to close this window.",
            &[],
        ),
    }
}
