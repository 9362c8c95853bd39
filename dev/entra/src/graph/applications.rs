//! `/applications`: registrations.

mod check;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::call::{Call, EntityType};
use super::change::{MOST_OBJECTS, patched};
use super::error::GraphError;
use super::object::ApplicationObject;
use super::registry::{Registration, Registry};
use super::reply::Reply;
use super::{credentials, federated};

static APPLICATION: EntityType = EntityType {
    set: "applications",
    name: "application",
    filterable: &[
        "id",
        "appId",
        "displayName",
        "identifierUris",
        "publisherDomain",
        "signInAudience",
        "tags",
    ],
    default: &[],
};

/// Any of these permits to read applications and service principals.
pub(super) const READ: [&str; 4] = [
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
/// Any of these permits to change them.
pub(super) const WRITE: [&str; 2] = ["Application.ReadWrite.All", "Directory.ReadWrite.All"];

pub(super) fn serve(call: &Call<'_>, path: &[&str]) -> Result<Reply, GraphError> {
    call.require(&READ, &WRITE)?;
    match (call.method, path) {
        ("GET", []) => call.collection(&APPLICATION, all(call)),
        ("GET", ["$count"]) => call.count(&APPLICATION, all(call)),
        ("POST", []) => create(call),
        (_, [id, rest @ ..]) => one(call, find(call, id)?, rest),
        _ => Err(GraphError::method_not_allowed()),
    }
}

fn one(call: &Call<'_>, registration: &Registration, path: &[&str]) -> Result<Reply, GraphError> {
    let id = registration.application.id;
    match (call.method, path) {
        ("GET", []) => call.entity(&APPLICATION, json!(registration.application)),
        ("PATCH", []) => update(call, id),
        ("DELETE", []) => {
            call.change(|registry| {
                registry.remove_registration(id);
                Ok(())
            })?;
            Ok(Reply::NoContent)
        }
        ("POST", ["addPassword" | "microsoft.graph.addPassword"]) => credentials::add(call, id),
        ("POST", ["removePassword" | "microsoft.graph.removePassword"]) => {
            credentials::remove(call, id)
        }
        (_, ["federatedIdentityCredentials", rest @ ..]) => {
            federated::serve(call, registration, rest)
        }
        // Nothing here owns an application, but command-line tools ask.
        ("GET", ["owners"]) => call.collection(&super::users::DIRECTORY_OBJECT, Vec::new()),
        (_, [] | ["addPassword" | "removePassword" | "owners"]) => {
            Err(GraphError::method_not_allowed())
        }
        _ => Err(call.no_such_path()),
    }
}

fn all(call: &Call<'_>) -> impl Iterator<Item = Value> {
    in_tenant(call.registry(), call.tenant).map(|registration| json!(registration.application))
}

fn in_tenant(registry: &Registry, tenant: Uuid) -> impl Iterator<Item = &Registration> {
    registry
        .registrations()
        .filter(move |registration| registration.tenant == tenant)
        .filter(|registration| !registration.is_managed_identity)
}

/// The registration of this tenant with an object id, or with `appId=…`.
fn find<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a Registration, GraphError> {
    let matches = |application: &ApplicationObject| match id.strip_prefix("appId=") {
        Some(app_id) => application.app_id.to_string().eq_ignore_ascii_case(app_id),
        None => application.id.to_string().eq_ignore_ascii_case(id),
    };
    in_tenant(call.registry(), call.tenant)
        .find(|registration| matches(&registration.application))
        .ok_or_else(|| GraphError::not_found(id))
}

fn create(call: &Call<'_>) -> Result<Reply, GraphError> {
    let properties = call.properties()?;
    let created = crate::clock::timestamp().strftime("%Y-%m-%dT%H:%M:%SZ");
    let blank = ApplicationObject::new(Uuid::new_v4(), Uuid::new_v4(), Some(created.to_string()));
    check::properties(&blank, &properties)?;
    let application = patched(&blank, properties)?.complete();
    let shown = json!(application);
    call.change(|registry| {
        check::object(registry, &application)?;
        if registry.registrations().count() >= MOST_OBJECTS {
            return Err(GraphError::invalid(format!(
                "The directory has {MOST_OBJECTS} applications, which is the most; delete some."
            )));
        }
        registry.put_registration(Registration {
            tenant: call.tenant,
            application,
            is_managed_identity: false,
            secrets: BTreeMap::new(),
            federated: Vec::new(),
        });
        Ok(())
    })?;
    Ok(call.created(&APPLICATION, shown))
}

fn update(call: &Call<'_>, id: Uuid) -> Result<Reply, GraphError> {
    let properties = call.properties()?;
    change_one(call, id, |registry, registration| {
        let before = &registration.application;
        check::properties(before, &properties)?;
        let after = patched(before, properties)?.complete();
        check::object(registry, &after)?;
        check::only_disabled_permissions_change(before, &after)?;
        registration.application = after;
        Ok(())
    })?;
    Ok(Reply::NoContent)
}

/// Changes one registration.
pub(super) fn change_one<R>(
    call: &Call<'_>,
    id: Uuid,
    change: impl FnOnce(&Registry, &mut Registration) -> Result<R, GraphError>,
) -> Result<R, GraphError> {
    call.change(|registry| {
        let mut registration = registry
            .registration(id)
            .cloned()
            .ok_or_else(|| GraphError::not_found(&id.to_string()))?;
        let result = change(registry, &mut registration)?;
        registry.put_registration(registration);
        Ok(result)
    })
}
