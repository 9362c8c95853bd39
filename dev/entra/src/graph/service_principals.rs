//! `/servicePrincipals`: the applications that a tenant knows.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::applications::{READ, WRITE};
use super::call::{Call, EntityType};
use super::change::patched;
use super::error::GraphError;
use super::object::ServicePrincipalObject;
use super::registry::{Registration, Registry};
use super::reply::Reply;
use super::{assignments, grants};

static SERVICE_PRINCIPAL: EntityType = EntityType {
    set: "servicePrincipals",
    name: "servicePrincipal",
    filterable: &[
        "id",
        "appId",
        "displayName",
        "accountEnabled",
        "appOwnerOrganizationId",
        "servicePrincipalNames",
        "servicePrincipalType",
        "tags",
    ],
    default: &[],
};

/// The properties of a service principal that can be written.
const WRITABLE: [&str; 4] = [
    "accountEnabled",
    "appRoleAssignmentRequired",
    "notes",
    "tags",
];

pub(super) fn serve(call: &Call<'_>, path: &[&str]) -> Result<Reply, GraphError> {
    // Assignments have permissions of their own.
    match path {
        [id, "appRoleAssignments", rest @ ..] => {
            assignments::require(call)?;
            return assignments::of_principal(call, find(call, id)?.0.id, rest);
        }
        [id, "appRoleAssignedTo", rest @ ..] => {
            assignments::require(call)?;
            return assignments::of_resource(call, find(call, id)?.0.id, rest);
        }
        _ => call.require(&READ, &WRITE)?,
    }
    let all = || in_tenant(call.registry(), call.tenant).map(shown);
    match (call.method, path) {
        ("GET", []) => call.collection(&SERVICE_PRINCIPAL, all()),
        ("GET", ["$count"]) => call.count(&SERVICE_PRINCIPAL, all()),
        ("POST", []) => create(call),
        (_, [id, rest @ ..]) => one(call, find(call, id)?, rest),
        _ => Err(GraphError::method_not_allowed()),
    }
}

fn one(
    call: &Call<'_>,
    found: (&ServicePrincipalObject, &Registration),
    path: &[&str],
) -> Result<Reply, GraphError> {
    let (principal, registration) = found;
    match (call.method, path) {
        ("GET", []) => call.entity(&SERVICE_PRINCIPAL, shown(found)),
        ("PATCH", []) => {
            own(call, registration)?;
            update(call, principal.id)
        }
        ("DELETE", []) => {
            own(call, registration)?;
            call.change(|registry| {
                registry.remove_service_principal(principal.id);
                Ok(())
            })?;
            Ok(Reply::NoContent)
        }
        ("GET", ["oauth2PermissionGrants"]) => grants::of_client(call, principal.id),
        ("GET", ["owners" | "memberOf" | "transitiveMemberOf"]) => {
            call.collection(&super::users::DIRECTORY_OBJECT, Vec::new())
        }
        (_, [] | ["oauth2PermissionGrants" | "owners" | "memberOf"]) => {
            Err(GraphError::method_not_allowed())
        }
        _ => Err(call.no_such_path()),
    }
}

/// A multi-tenant application has one service principal, which all tenants see. Only the tenant of
/// the application changes it.
fn own(call: &Call<'_>, registration: &Registration) -> Result<(), GraphError> {
    if registration.tenant == call.tenant {
        Ok(())
    } else {
        Err(GraphError::denied())
    }
}

fn in_tenant(
    registry: &Registry,
    tenant: Uuid,
) -> impl Iterator<Item = (&ServicePrincipalObject, &Registration)> {
    registry
        .service_principals()
        .filter_map(|principal| Some((principal, registry.registration_of(principal.app_id)?)))
        .filter(move |(_, registration)| is_in(registration, tenant))
}

fn is_in(registration: &Registration, tenant: Uuid) -> bool {
    registration.tenant == tenant || registration.application.is_multi_tenant()
}

/// The service principal that the tenant sees, with an object id or with `appId=…`.
pub(super) fn find<'a>(
    call: &'a Call<'_>,
    id: &str,
) -> Result<(&'a ServicePrincipalObject, &'a Registration), GraphError> {
    let registry = call.registry();
    let principal = match id.strip_prefix("appId=") {
        Some(app_id) => Uuid::parse_str(app_id)
            .ok()
            .and_then(|app_id| registry.service_principal_of(app_id)),
        None => Uuid::parse_str(id)
            .ok()
            .and_then(|id| registry.service_principal(id)),
    };
    principal
        .and_then(|principal| Some((principal, registry.registration_of(principal.app_id)?)))
        .filter(|(_, registration)| is_in(registration, call.tenant))
        .ok_or_else(|| GraphError::not_found(id))
}

fn shown((principal, registration): (&ServicePrincipalObject, &Registration)) -> Value {
    let application = &registration.application;
    let names = application.identifier_uris.iter().cloned();
    json!({
        "accountEnabled": principal.account_enabled,
        "addIns": [],
        "alternativeNames": [],
        "appDescription": application.kept.get("description"),
        "appDisplayName": application.display_name,
        "appId": principal.app_id,
        "appOwnerOrganizationId": registration.tenant,
        "appRoleAssignmentRequired": principal.app_role_assignment_required,
        "appRoles": application.app_roles,
        "createdDateTime": application.created_date_time,
        "deletedDateTime": null,
        "description": null,
        "disabledByMicrosoftStatus": null,
        "displayName": application.display_name,
        "homepage": application.web.home_page_url,
        "id": principal.id,
        "info": application.kept.get("info"),
        "keyCredentials": [],
        "loginUrl": null,
        "logoutUrl": application.web.logout_url,
        "notes": principal.notes,
        "notificationEmailAddresses": [],
        "oauth2PermissionScopes": application.api.oauth2_permission_scopes,
        "passwordCredentials": [],
        "preferredSingleSignOnMode": null,
        "replyUrls": application.redirect_uris().collect::<Vec<_>>(),
        "resourceSpecificApplicationPermissions": [],
        "servicePrincipalNames":
            names.chain([principal.app_id.to_string()]).collect::<Vec<_>>(),
        "servicePrincipalType": if registration.is_managed_identity {
            "ManagedIdentity"
        } else {
            "Application"
        },
        "signInAudience": application.sign_in_audience,
        "tags": principal.tags,
        "tokenEncryptionKeyId": null,
    })
}

fn create(call: &Call<'_>) -> Result<Reply, GraphError> {
    let mut properties = call.properties()?;
    let app_id = properties.remove("appId");
    let app_id = app_id
        .as_ref()
        .and_then(|id| Uuid::parse_str(id.as_str()?).ok())
        .ok_or_else(|| {
            GraphError::invalid("Invalid value specified for property 'appId'; it is a GUID.")
        })?;
    check_writable(&properties)?;
    // An application that requests do not see yet is unknown.
    backing(call, call.registry(), app_id)?;
    let blank = ServicePrincipalObject {
        id: Uuid::new_v4(),
        app_id,
        account_enabled: true,
        app_role_assignment_required: false,
        notes: None,
        tags: Vec::new(),
    };
    let principal = patched(&blank, properties)?;
    let body = call.change(|registry| {
        let body = shown((&principal, backing(call, registry, app_id)?));
        if registry.service_principal_of(app_id).is_some() {
            return Err(GraphError::conflict(format!(
                "The service principal cannot be created, updated, or restored because the \
                 service principal name {app_id} is already in use."
            )));
        }
        registry.put_service_principal(principal);
        Ok(body)
    })?;
    Ok(call.created(&SERVICE_PRINCIPAL, body))
}

/// The application of a new service principal.
fn backing<'a>(
    call: &Call<'_>,
    registry: &'a Registry,
    app_id: Uuid,
) -> Result<&'a Registration, GraphError> {
    registry
        .registration_of(app_id)
        .filter(|registration| is_in(registration, call.tenant))
        .ok_or_else(|| {
            GraphError::invalid(format!(
                "The appId '{app_id}' of the service principal does not reference a valid \
                 application object."
            ))
        })
}

fn update(call: &Call<'_>, id: Uuid) -> Result<Reply, GraphError> {
    let properties = call.properties()?;
    check_writable(&properties)?;
    call.change(|registry| {
        let principal = registry
            .service_principal(id)
            .ok_or_else(|| GraphError::not_found(&id.to_string()))?;
        let changed = patched(principal, properties)?;
        registry.put_service_principal(changed);
        Ok(())
    })?;
    Ok(Reply::NoContent)
}

fn check_writable(properties: &Map<String, Value>) -> Result<(), GraphError> {
    let mut names = properties.keys();
    match names.find(|name| !WRITABLE.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(GraphError::invalid(format!(
            "Property '{name}' cannot be written; those of a service principal are {}.",
            WRITABLE.join(", ")
        ))),
    }
}
