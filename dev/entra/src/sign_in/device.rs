//! The device authorization grant (RFC 8628), for command lines and devices without a browser.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use serde::Serialize;

use super::authorization_request::{client, resource};
use super::{endpoint, page};
use crate::clock::now;
use crate::entra::Entra;
use crate::memory::{DEVICE_CODE_LIVES, Device, DeviceState};
use crate::oauth_error::OAuthError;
use crate::parameters::Parameters;
use crate::random::random_bytes;
use crate::realm::Realm;

/// The letters of user codes: no vowels, so that no words appear (RFC 8628 §6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// The number of letters, as in Entra's codes: 39 bits for fifteen minutes.
const CODE_LENGTH: usize = 9;

/// The response of RFC 8628 §3.2, and a message that clients print.
#[derive(Serialize)]
pub(crate) struct DeviceCodeReply {
    user_code: String,
    device_code: String,
    verification_uri: String,
    expires_in: i64,
    interval: u32,
    message: String,
}

/// `POST /{tenant}/oauth2/v2.0/devicecode`
pub(crate) async fn issue_device_code(
    State(entra): State<Arc<Entra>>,
    Path(segment): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<DeviceCodeReply>, OAuthError> {
    let parameters = Parameters::form(&headers, &body)?;
    let realm = Realm::parse(&entra.directory, &segment)?;
    let client = client(&entra.directory, realm, &parameters)?;
    let scope = parameters.required("scope")?.to_owned();
    resource(&entra.directory, realm, &scope)?;
    let now = now();
    let ends = now + DEVICE_CODE_LIVES;
    let device = Device {
        client: client.client_id,
        segment,
        scope,
        state: DeviceState::Pending,
        ends,
    };
    let memory = &entra.memory;
    let device_code = memory
        .devices
        .issue(device, now, ends + DEVICE_CODE_LIVES)?;
    let user_code = user_code()?;
    memory
        .user_codes
        .put(&user_code, device_code.clone(), now, ends);
    let verification_uri = format!("{}/devicelogin", entra.authority);
    Ok(Json(DeviceCodeReply {
        message: format!(
            "To sign in, use a web browser to open the page {verification_uri} and enter the code \
             {user_code} to authenticate."
        ),
        user_code,
        device_code,
        verification_uri,
        expires_in: DEVICE_CODE_LIVES,
        interval: 5,
    }))
}

/// `GET /devicelogin`
pub(crate) async fn device_login() -> Response {
    page::enter_code(None)
}

/// `POST /devicelogin`: the user enters a code. Nothing happens yet that another site could want:
/// the user chooses an account next.
pub(crate) async fn enter_device_code(
    State(entra): State<Arc<Entra>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let begun = Parameters::form(&headers, &body).and_then(|form| {
        let entered: String = form
            .required("user_code")?
            .chars()
            .filter(char::is_ascii_alphabetic)
            .collect();
        let handle = entra
            .memory
            .user_codes
            .get(&entered.to_ascii_uppercase(), now())
            .ok_or(OAuthError::UnknownUserCode)?;
        endpoint::begin_for_device(&entra, &headers, handle)
    });
    begun.unwrap_or_else(|error| page::enter_code(Some(&error)))
}

fn user_code() -> Result<String, OAuthError> {
    // 64 random bits for 39 of code leave no letter noticeably more likely.
    let mut number = u64::from_le_bytes(random_bytes()?);
    let letters = (0..CODE_LENGTH).filter_map(|_| {
        let count = LETTERS.len() as u64;
        let index = usize::try_from(number % count).ok()?;
        number /= count;
        LETTERS.get(index).copied().map(char::from)
    });
    Ok(letters.collect())
}
