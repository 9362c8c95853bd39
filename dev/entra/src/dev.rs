//! Endpoints for tests that Entra does not have. Only the administrative listener has them.

mod mint;
mod switches;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use portcullis_reason_codes::BODY_INVALID;
use portcullis_runtime::{JsonBody, Problem};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::directory::{Application, ClientType, User};
use crate::entra::Entra;
use crate::signing_key::SigningKey;

pub(crate) use mint::mint;
pub(crate) use switches::{add_fault, clear_faults, down, faults, set_clock, up};

/// The claims to sign, and changes of the header.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToSign {
    /// Members to set; `null` removes one.
    #[serde(default)]
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

/// `POST /dev/sign`: signs the given claims with RS256 and the current key, whatever the header
/// says.
pub(crate) async fn sign(
    State(entra): State<Arc<Entra>>,
    JsonBody(ToSign {
        header: overrides,
        claims,
    }): JsonBody<ToSign>,
) -> Result<Json<Value>, Problem> {
    let key = entra.keys.current();
    let mut header = key.header();
    header.extend(overrides);
    header.retain(|_, value| !value.is_null());
    let token = key
        .sign(&header, &claims)
        .map_err(|error| Problem::internal(&error))?;
    Ok(Json(json!({ "token": token })))
}

/// `POST /dev/rotate`: makes a new key current; the older ones stay published.
pub(crate) async fn rotate(State(entra): State<Arc<Entra>>) -> Result<Json<Value>, Problem> {
    let next = tokio::task::spawn_blocking(SigningKey::generate)
        .await
        .map_err(|error| Problem::internal(&error))?
        .map_err(|error| Problem::internal(&error))?;
    tracing::info!(kid = next.kid, "signing key rotated");
    entra.keys.rotate(next);
    Ok(published(&entra))
}

/// `POST /dev/retire`: stops publishing all keys but the current one.
pub(crate) async fn retire(State(entra): State<Arc<Entra>>) -> Json<Value> {
    entra.keys.retire();
    let weak = &entra.knobs.publishes_weak_key;
    weak.store(false, Ordering::Relaxed);
    tracing::info!(kid = entra.keys.current().kid, "older signing keys retired");
    published(&entra)
}

/// The problem of a field of a body.
fn invalid(field: &str, problem: &str) -> Problem {
    let detail = format!("{field} {problem}");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, BODY_INVALID, detail).with_field(field)
}

fn published(entra: &Entra) -> Json<Value> {
    let kids: Vec<String> = entra
        .keys
        .published()
        .iter()
        .map(|key| key.kid.clone())
        .collect();
    Json(json!({ "current": entra.keys.current().kid, "published": kids }))
}

/// `GET /dev/directory`: lists tenants, users and applications, without passwords and secrets.
pub(crate) async fn directory(State(entra): State<Arc<Entra>>) -> Json<Value> {
    let directory = &entra.directory;
    let tenants: Vec<Value> = directory
        .tenants()
        .iter()
        .map(|tenant| json!({ "id": tenant.id, "name": tenant.name }))
        .collect();
    let users: Vec<Value> = directory
        .users()
        .iter()
        .map(|user| describe_user(user, directory.applications()))
        .collect();
    let groups: Vec<Value> = directory
        .groups()
        .iter()
        .map(|group| json!({ "id": group.id, "name": group.name, "tenant": group.tenant }))
        .collect();
    let applications: Vec<Value> = directory
        .applications()
        .iter()
        .map(describe_application)
        .collect();
    Json(json!({
        "tenants": tenants,
        "users": users,
        "groups": groups,
        "applications": applications,
    }))
}

fn describe_user(user: &User, applications: &[Application]) -> Value {
    let roles: Map<String, Value> = applications
        .iter()
        .map(|application| {
            (
                application.key.clone(),
                user.roles_on(application).collect::<Vec<_>>(),
            )
        })
        .filter(|(_, roles)| !roles.is_empty())
        .map(|(key, roles)| (key, roles.into()))
        .collect();
    json!({
        "name": user.name,
        "username": user.username,
        "tenant": user.tenant,
        "oid": user.object_id,
        "home": user.home,
        "roles": roles,
    })
}

fn describe_application(application: &Application) -> Value {
    json!({
        "key": application.key,
        "clientId": application.client_id,
        "servicePrincipal": application.service_principal,
        "identifierUri": application.identifier_uri,
        "publicClient": matches!(application.client_type, ClientType::Public),
        "scopes": application.scopes,
    })
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::{Value, json};

    use crate::fixture::{CONTOSO, Fixture, decode};

    #[tokio::test]
    async fn sign_accepts_any_header_and_claims() {
        struct Case {
            name: &'static str,
            header: Value,
            expected: Value,
        }

        let fixture = Fixture::new();
        let kid = fixture.entra.keys.current().kid.clone();
        for Case {
            name,
            header,
            expected,
        } in [
            Case {
                name: "nothing chosen",
                header: json!({}),
                expected: json!({"alg": "RS256", "typ": "JWT", "kid": kid}),
            },
            Case {
                name: "other kid and no typ",
                header: json!({"kid": "other", "typ": null}),
                expected: json!({"alg": "RS256", "kid": "other"}),
            },
            Case {
                name: "alg none",
                header: json!({"alg": "none"}),
                expected: json!({"alg": "none", "typ": "JWT", "kid": kid}),
            },
        ] {
            let (status, body) = fixture
                .post_json(
                    "/dev/sign",
                    &json!({"header": header, "claims": {"exp": -1}}),
                )
                .await;
            assert_eq!(status, StatusCode::OK, "{name}");
            assert_eq!(
                decode(&body["token"]),
                (expected, json!({"exp": -1})),
                "{name}"
            );
        }
    }

    #[tokio::test]
    async fn sign_rejects_malformed_and_large_bodies() {
        let fixture = Fixture::new();
        for body in [
            json!({}),
            json!({"claims": 1}),
            json!({"claims": {}, "key": "x"}),
        ] {
            let (status, _) = fixture.post_json("/dev/sign", &body).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        }
        let large = json!({"claims": {"text": "x".repeat(70_000)}});
        assert_eq!(
            fixture.post_json("/dev/sign", &large).await.0,
            StatusCode::PAYLOAD_TOO_LARGE
        );
    }

    #[tokio::test]
    async fn rotation_keeps_older_keys_until_they_are_retired() {
        let fixture = Fixture::new();
        let keys = format!("/{CONTOSO}/discovery/v2.0/keys");
        let first = fixture.entra.keys.current().kid.clone();
        let (_, rotated) = fixture.post_json("/dev/rotate", &Value::Null).await;
        assert_ne!(rotated["current"], first.as_str());
        assert_eq!(
            fixture.get(&keys).await.1["keys"].as_array().unwrap().len(),
            2
        );
        let (_, retired) = fixture.post_json("/dev/retire", &Value::Null).await;
        assert_eq!(retired["published"], json!([rotated["current"]]));
        assert_eq!(
            fixture.get(&keys).await.1["keys"].as_array().unwrap().len(),
            1
        );
    }

    #[tokio::test]
    async fn directory_endpoint_omits_passwords_and_secrets() {
        let (status, body) = Fixture::new().get("/dev/directory").await;
        assert_eq!(status, StatusCode::OK);
        let text = body.to_string();
        assert!(text.contains("Renée Reader") && text.contains("task-api"));
        assert!(
            !text.contains("Passw0rd") && !text.contains("-secret"),
            "{text}"
        );
    }
}
