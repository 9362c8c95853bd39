//! `/applications/{id}/federatedIdentityCredentials`.

use serde_json::json;
use uuid::Uuid;

use super::applications::change_one;
use super::call::{Call, EntityType};
use super::change::{patched, typed};
use super::error::GraphError;
use super::object::FederatedIdentityCredential;
use super::registry::Registration;
use super::reply::Reply;

static CREDENTIAL: EntityType = EntityType {
    set: "federatedIdentityCredentials",
    name: "federatedIdentityCredential",
    filterable: &["id", "name", "issuer", "subject"],
    default: &[],
};

/// Maximum credentials of an application, as in Entra.
const MOST_CREDENTIALS: usize = 20;

pub(super) fn serve(
    call: &Call<'_>,
    registration: &Registration,
    path: &[&str],
) -> Result<Reply, GraphError> {
    let application = registration.application.id;
    match (call.method, path) {
        ("GET", []) => {
            let credentials = registration.federated.iter();
            call.collection(&CREDENTIAL, credentials.map(|credential| json!(credential)))
        }
        ("POST", []) => create(call, application),
        (_, [name]) => one(call, find(registration, name)?, application),
        (_, []) => Err(GraphError::method_not_allowed()),
        _ => Err(call.no_such_path()),
    }
}

fn one(
    call: &Call<'_>,
    credential: &FederatedIdentityCredential,
    application: Uuid,
) -> Result<Reply, GraphError> {
    let id = credential.id;
    match call.method {
        "GET" => call.entity(&CREDENTIAL, json!(credential)),
        "PATCH" => {
            let mut properties = call.properties()?;
            properties.remove("id");
            let changed: FederatedIdentityCredential = patched(credential, properties)?;
            if changed.name != credential.name {
                return Err(GraphError::invalid("Property 'name' cannot be changed."));
            }
            put(call, application, changed)?;
            Ok(Reply::NoContent)
        }
        "DELETE" => {
            change_one(call, application, |_, registration| {
                registration.federated.retain(|it| it.id != id);
                Ok(())
            })?;
            Ok(Reply::NoContent)
        }
        _ => Err(GraphError::method_not_allowed()),
    }
}

fn create(call: &Call<'_>, application: Uuid) -> Result<Reply, GraphError> {
    let mut properties = call.properties()?;
    properties.insert("id".to_owned(), json!(Uuid::new_v4()));
    let credential: FederatedIdentityCredential = typed(properties.into())?;
    let shown = json!(credential);
    put(call, application, credential)?;
    Ok(call.created(&CREDENTIAL, shown))
}

/// Adds the credential, or replaces the one with its id.
fn put(
    call: &Call<'_>,
    application: Uuid,
    credential: FederatedIdentityCredential,
) -> Result<(), GraphError> {
    let texts = [&credential.name, &credential.issuer, &credential.subject];
    if texts.iter().any(|text| text.is_empty()) || credential.audiences.len() != 1 {
        return Err(GraphError::invalid(
            "A federated identity credential needs a name, an issuer, a subject and exactly one \
             audience.",
        ));
    }
    change_one(call, application, |_, registration| {
        let others = &mut registration.federated;
        others.retain(|it| it.id != credential.id);
        let is_taken = others.iter().any(|it| {
            it.name == credential.name
                || (&it.issuer, &it.subject) == (&credential.issuer, &credential.subject)
        });
        if is_taken {
            return Err(GraphError::conflict(
                "FederatedIdentityCredential with the same name, or the same issuer and subject, \
                 already exists.",
            ));
        }
        if others.len() >= MOST_CREDENTIALS {
            return Err(GraphError::invalid(format!(
                "Maximum number of federated identity credentials: {MOST_CREDENTIALS}."
            )));
        }
        others.push(credential);
        Ok(())
    })
}

fn find<'a>(
    registration: &'a Registration,
    name: &str,
) -> Result<&'a FederatedIdentityCredential, GraphError> {
    let key = name.strip_prefix("name=").unwrap_or(name);
    registration
        .federated
        .iter()
        .find(|credential| credential.name == key || credential.id.to_string() == key)
        .ok_or_else(|| GraphError::not_found(key))
}
