//! `addPassword` and `removePassword`: client secrets.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::applications::change_one;
use super::call::Call;
use super::error::GraphError;
use super::object::PasswordCredential;
use super::reply::Reply;
use crate::directory::Secret;
use crate::random::random_bytes;

/// The life of a secret without an end: two years, as in Microsoft Graph.
const LIVES: SignedDuration = SignedDuration::from_hours(730 * 24);
/// Maximum secrets of an application.
const MOST_SECRETS: usize = 100;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Add {
    password_credential: Option<Wanted>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Wanted {
    display_name: Option<String>,
    start_date_time: Option<Timestamp>,
    end_date_time: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Remove {
    key_id: Uuid,
}

/// Adds a secret and shows it, the only time.
pub(super) fn add(call: &Call<'_>, application: Uuid) -> Result<Reply, GraphError> {
    let wanted = if call.body.is_empty() {
        Wanted::default()
    } else {
        let Add {
            password_credential,
        } = call.parsed()?;
        password_credential.unwrap_or_default()
    };
    let text = random_secret()?;
    let secret = Secret::new(text.clone());
    let credential = credential(wanted, &secret)?;
    let mut shown = credential.with_secret(&text);
    if let Some(members) = shown.as_object_mut() {
        let context = call.metadata("microsoft.graph.passwordCredential");
        members.insert("@odata.context".to_owned(), Value::from(context));
    }
    change_one(call, application, |_, registration| {
        if registration.secrets.len() >= MOST_SECRETS {
            return Err(GraphError::invalid(format!(
                "The application has {MOST_SECRETS} secrets, which is the most; remove some."
            )));
        }
        registration.secrets.insert(credential.key_id, secret);
        registration
            .application
            .password_credentials
            .push(credential);
        Ok(())
    })?;
    Ok(Reply::Json(shown))
}

fn credential(wanted: Wanted, secret: &Secret) -> Result<PasswordCredential, GraphError> {
    let now = crate::clock::timestamp();
    let start = wanted.start_date_time.unwrap_or(now);
    let end = match wanted.end_date_time {
        Some(end) => end,
        None => start
            .checked_add(LIVES)
            .map_err(|error| GraphError::invalid(format!("startDateTime: {error}.")))?,
    };
    if end <= now || end <= start {
        return Err(GraphError::invalid(
            "Invalid value specified for property 'endDateTime'; it is in the future and after \
             startDateTime.",
        ));
    }
    Ok(PasswordCredential {
        display_name: wanted.display_name,
        start_date_time: Some(start.to_string()),
        end_date_time: Some(end.to_string()),
        ..PasswordCredential::new(Uuid::new_v4(), secret)
    })
}

pub(super) fn remove(call: &Call<'_>, application: Uuid) -> Result<Reply, GraphError> {
    let Remove { key_id } = call.parsed()?;
    change_one(call, application, |_, registration| {
        if registration.secrets.remove(&key_id).is_none() {
            return Err(GraphError::invalid(format!(
                "No password credential found with keyId '{key_id}'."
            )));
        }
        let credentials = &mut registration.application.password_credentials;
        credentials.retain(|credential| credential.key_id != key_id);
        Ok(())
    })?;
    Ok(Reply::NoContent)
}

fn random_secret() -> Result<String, GraphError> {
    let random: [u8; 30] = random_bytes().map_err(|_| GraphError::unavailable())?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}
