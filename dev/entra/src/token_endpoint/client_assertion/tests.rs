//! Applications that authenticate without a secret. Each denied case changes one part of an
//! accepted assertion.

use std::sync::LazyLock;

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::fixture::{CONTOSO, DIRECTORY, Fixture, TASK_API, credentials_form, with};
use crate::signing_key::SigningKey;

mod certificate;
mod federated;

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Shared by all tests, because key generation takes long.
static REGISTERED: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate().unwrap());
static STRANGE: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate().unwrap());

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// The development directory, with these lines added to the task API.
fn directory(lines: &str) -> Fixture {
    Fixture::with_directory(&DIRECTORY.replacen(
        "    secrets: [task-api-secret]\n",
        &format!("    secrets: [task-api-secret]\n{lines}"),
        1,
    ))
}

fn merged(mut base: Value, changes: &Value) -> Map<String, Value> {
    let members = base.as_object_mut().unwrap();
    members.extend(changes.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    members.clone()
}

/// A change of an accepted assertion, and the AADSTS number of the denial.
struct Change {
    name: &'static str,
    header: Value,
    claims: Value,
    denied_with: u32,
}

impl Change {
    fn header(name: &'static str, header: Value, denied_with: u32) -> Self {
        Self {
            name,
            header,
            claims: json!({}),
            denied_with,
        }
    }

    fn claims(name: &'static str, claims: Value, denied_with: u32) -> Self {
        Self {
            name,
            header: json!({}),
            claims,
            denied_with,
        }
    }
}

fn form(assertion: &str) -> Vec<(&str, &str)> {
    let form = with(&credentials_form(TASK_API, "unused"), "client_secret", "");
    with(
        &with(&form, "client_assertion_type", TYPE),
        "client_assertion",
        assertion,
    )
}

async fn code(fixture: &Fixture, form: &[(&str, &str)]) -> (StatusCode, Value) {
    let (status, body) = fixture.token(CONTOSO, form).await;
    (status, body["error_codes"][0].clone())
}
