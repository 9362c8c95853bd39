//! `/oauth2PermissionGrants`: consents. Those of administrators are in the registry, and those of
//! users where the consent page puts them too.

use serde_json::json;
use uuid::Uuid;

use super::call::{Call, EntityType};
use super::change::{MOST_OBJECTS, patched};
use super::error::GraphError;
use super::object::{ConsentType, OAuth2PermissionGrant};
use super::reply::Reply;
use super::service_principals;

static GRANT: EntityType = EntityType {
    set: "oauth2PermissionGrants",
    name: "oAuth2PermissionGrant",
    filterable: &["id", "clientId", "consentType", "principalId", "resourceId"],
    default: &[],
};

/// Any of these permits to read consents.
const READ: [&str; 5] = [
    "Application.Read.All",
    "Application.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
/// Any of these permits to consent for others.
const WRITE: [&str; 2] = [
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.ReadWrite.All",
];

pub(super) fn serve(call: &Call<'_>, path: &[&str]) -> Result<Reply, GraphError> {
    call.require(&READ, &WRITE)?;
    let shown = |grant: OAuth2PermissionGrant| json!(grant);
    match (call.method, path) {
        ("GET", []) => call.collection(&GRANT, all(call).map(shown)),
        ("GET", ["$count"]) => call.count(&GRANT, all(call).map(shown)),
        ("POST", []) => create(call),
        (_, [id]) => one(call, find(call, id)?),
        (_, []) => Err(GraphError::method_not_allowed()),
        _ => Err(call.no_such_path()),
    }
}

fn create(call: &Call<'_>) -> Result<Reply, GraphError> {
    let mut grant: OAuth2PermissionGrant = call.parsed()?;
    grant.id = grant.derived_id();
    if all(call).any(|other| other.id == grant.id) {
        return Err(GraphError::conflict("Permission entry already exists."));
    }
    check(call, &grant)?;
    let body = json!(grant);
    put(call, grant)?;
    Ok(call.created(&GRANT, body))
}

fn one(call: &Call<'_>, grant: OAuth2PermissionGrant) -> Result<Reply, GraphError> {
    match call.method {
        "GET" => return call.entity(&GRANT, json!(grant)),
        "PATCH" => {
            let changed: OAuth2PermissionGrant = patched(&grant, call.properties()?)?;
            if changed.derived_id() != grant.id || changed.consent_type != grant.consent_type {
                return Err(GraphError::invalid("Only property 'scope' can be changed."));
            }
            check(call, &changed)?;
            put(call, changed)?;
        }
        "DELETE" => {
            let scope = String::new();
            put(call, OAuth2PermissionGrant { scope, ..grant })?;
        }
        _ => return Err(GraphError::method_not_allowed()),
    }
    Ok(Reply::NoContent)
}

/// The consents to the client whose service principal is `id`.
pub(super) fn of_client(call: &Call<'_>, id: Uuid) -> Result<Reply, GraphError> {
    let grants = all(call).filter(|grant| grant.client_id == id);
    call.collection(&GRANT, grants.map(|grant| json!(grant)))
}

/// All consents that the tenant sees.
fn all<'a>(call: &'a Call<'_>) -> impl Iterator<Item = OAuth2PermissionGrant> + 'a {
    let of_users = call.entra.memory.consents().into_iter();
    let of_users = of_users.filter_map(|(user, client, resource, scopes)| {
        let registry = call.registry();
        let scopes: Vec<String> = scopes.into_iter().collect();
        let mut grant = OAuth2PermissionGrant {
            id: String::new(),
            client_id: registry.service_principal_of(client)?.id,
            consent_type: ConsentType::Principal,
            principal_id: Some(user),
            resource_id: registry.service_principal_of(resource)?.id,
            scope: scopes.join(" "),
        };
        grant.id = grant.derived_id();
        is_user(call, user).then_some(grant)
    });
    let is_seen = |id: Uuid| service_principals::find(call, &id.to_string()).is_ok();
    let of_administrators = call.registry().grants().cloned();
    of_administrators
        .filter(move |grant| is_seen(grant.client_id))
        .chain(of_users)
}

fn find(call: &Call<'_>, id: &str) -> Result<OAuth2PermissionGrant, GraphError> {
    all(call)
        .find(|grant| grant.id == id)
        .ok_or_else(|| GraphError::not_found(id))
}

fn is_user(call: &Call<'_>, id: Uuid) -> bool {
    let mut users = call.entra.directory.users().iter();
    users.any(|user| user.tenant == call.tenant && user.object_id == id)
}

fn check(call: &Call<'_>, grant: &OAuth2PermissionGrant) -> Result<(), GraphError> {
    service_principals::find(call, &grant.client_id.to_string())?;
    let (_, resource) = service_principals::find(call, &grant.resource_id.to_string())?;
    let is_principal_right = match (grant.consent_type, grant.principal_id) {
        (ConsentType::AllPrincipals, None) => true,
        (ConsentType::Principal, Some(user)) => is_user(call, user),
        _ => false,
    };
    if !is_principal_right {
        return Err(GraphError::invalid(
            "principalId is the id of a user with consentType Principal, and null with \
             AllPrincipals.",
        ));
    }
    let known = resource.application.enabled_scopes();
    let scopes = grant.scopes();
    match scopes.iter().find(|scope| !known.contains(scope.as_str())) {
        _ if scopes.is_empty() => Err(GraphError::invalid("scope is empty; name a scope.")),
        None => Ok(()),
        Some(unknown) => Err(GraphError::invalid(format!(
            "Permission '{unknown}' was not found on application '{}'.",
            resource.application.app_id
        ))),
    }
}

/// Makes the consent the current one; without scopes, it ends.
fn put(call: &Call<'_>, grant: OAuth2PermissionGrant) -> Result<(), GraphError> {
    if let Some(user) = grant.principal_id {
        let app_id = |id: Uuid| {
            service_principals::find(call, &id.to_string()).map(|(principal, _)| principal.app_id)
        };
        let client = app_id(grant.client_id)?;
        let resource = app_id(grant.resource_id)?;
        let memory = &call.entra.memory;
        memory.set_consent(user, client, resource, grant.scopes());
        return Ok(());
    }
    call.change(|registry| {
        if grant.scope.is_empty() {
            registry.remove_grant(&grant.id);
            return Ok(());
        }
        if registry.grants().count() >= MOST_OBJECTS {
            return Err(GraphError::invalid(format!(
                "The directory has {MOST_OBJECTS} consents, which is the most; delete some."
            )));
        }
        registry.put_grant(grant);
        Ok(())
    })
}
