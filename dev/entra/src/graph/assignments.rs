//! App role assignments: of a principal (`appRoleAssignments`) and on a resource
//! (`appRoleAssignedTo`).

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::call::{Call, EntityType};
use super::change::MOST_OBJECTS;
use super::error::GraphError;
use super::object::{AllowedMemberType, AppRoleAssignment, ApplicationObject, PrincipalType};
use super::registry::Registry;
use super::reply::Reply;
use super::service_principals;

static ASSIGNMENT: EntityType = EntityType {
    set: "appRoleAssignments",
    name: "appRoleAssignment",
    filterable: &[
        "id",
        "resourceId",
        "principalId",
        "appRoleId",
        "principalType",
    ],
    default: &[],
};

/// Any of these permits to read assignments.
const READ: [&str; 4] = [
    "Application.Read.All",
    "AppRoleAssignment.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
/// This permits to change assignments, also of app roles of Microsoft Graph.
const WRITE: [&str; 1] = ["AppRoleAssignment.ReadWrite.All"];

#[expect(clippy::struct_field_names, reason = "the names are Microsoft Graph's")]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    principal_id: Uuid,
    resource_id: Uuid,
    app_role_id: Uuid,
}

/// Fails unless the caller may do what the method does.
pub(super) fn require(call: &Call<'_>) -> Result<(), GraphError> {
    call.require(&READ, &WRITE)
}

/// The assignments of the user, group or service principal `id`, which the caller may see.
pub(super) fn of_principal(call: &Call<'_>, id: Uuid, path: &[&str]) -> Result<Reply, GraphError> {
    serve(call, path, |assignment| assignment.principal_id == id)
}

/// The assignments of roles of the service principal `id`, which the caller may see.
pub(super) fn of_resource(call: &Call<'_>, id: Uuid, path: &[&str]) -> Result<Reply, GraphError> {
    serve(call, path, |assignment| assignment.resource_id == id)
}

fn serve(
    call: &Call<'_>,
    path: &[&str],
    is_here: impl Fn(&AppRoleAssignment) -> bool,
) -> Result<Reply, GraphError> {
    let registry = call.registry();
    let here = || {
        let all = registry
            .assignments()
            .filter(|assignment| is_here(assignment));
        all.filter_map(|assignment| shown(call, assignment))
    };
    let one = |id: &str| {
        here()
            .find(|assignment| assignment["id"] == id)
            .ok_or_else(|| GraphError::not_found(id))
    };
    match (call.method, path) {
        ("GET", []) => call.collection(&ASSIGNMENT, here()),
        ("GET", [id]) => call.entity(&ASSIGNMENT, one(id)?),
        ("POST", []) => create(call, is_here),
        ("DELETE", [id]) => {
            one(id)?;
            call.change(|registry| {
                registry.remove_assignment(id);
                Ok(())
            })?;
            Ok(Reply::NoContent)
        }
        (_, [] | [_]) => Err(GraphError::method_not_allowed()),
        _ => Err(call.no_such_path()),
    }
}

/// The assignment with the names of both sides, if the tenant sees them.
fn shown(call: &Call<'_>, assignment: &AppRoleAssignment) -> Option<Value> {
    let (_, principal) = principal(call, assignment.principal_id)?;
    let resource = call.registry().application_of(assignment.resource_id)?;
    Some(json!({
        "id": assignment.id(),
        "deletedDateTime": null,
        "appRoleId": assignment.app_role_id,
        "createdDateTime": assignment.created_date_time,
        "principalDisplayName": principal,
        "principalId": assignment.principal_id,
        "principalType": assignment.principal_type,
        "resourceDisplayName": resource.display_name,
        "resourceId": assignment.resource_id,
    }))
}

/// A principal of the tenant with its display name.
fn principal(call: &Call<'_>, id: Uuid) -> Option<(PrincipalType, String)> {
    let mut users = call.entra.directory.users().iter();
    if let Some(user) = users.find(|user| user.tenant == call.tenant && user.object_id == id) {
        return Some((PrincipalType::User, user.name.clone()));
    }
    let mut groups = call.entra.directory.groups().iter();
    if let Some(group) = groups.find(|group| group.tenant == call.tenant && group.id == id) {
        return Some((PrincipalType::Group, group.name.clone()));
    }
    let (_, registration) = service_principals::find(call, &id.to_string()).ok()?;
    let name = registration.application.display_name.clone();
    Some((PrincipalType::ServicePrincipal, name))
}

fn create(
    call: &Call<'_>,
    is_here: impl Fn(&AppRoleAssignment) -> bool,
) -> Result<Reply, GraphError> {
    let Wanted {
        principal_id,
        resource_id,
        app_role_id,
    } = call.parsed()?;
    service_principals::find(call, &resource_id.to_string())?;
    let (principal_type, _) = principal(call, principal_id)
        .ok_or_else(|| GraphError::not_found(&principal_id.to_string()))?;
    let assignment = AppRoleAssignment {
        created_date_time: Some(crate::clock::timestamp().to_string()),
        app_role_id,
        principal_id,
        principal_type,
        resource_id,
    };
    if !is_here(&assignment) {
        return Err(GraphError::invalid(
            "The object of the URL is neither the principal nor the resource of the assignment.",
        ));
    }
    let body = shown(call, &assignment);
    let body = body.ok_or_else(|| GraphError::not_found(&resource_id.to_string()))?;
    call.change(|registry| put(registry, assignment))?;
    Ok(call.created(&ASSIGNMENT, body))
}

fn put(registry: &mut Registry, assignment: AppRoleAssignment) -> Result<(), GraphError> {
    let resource = registry
        .application_of(assignment.resource_id)
        .ok_or_else(|| GraphError::not_found(&assignment.resource_id.to_string()))?;
    check_role(resource, &assignment)?;
    let id = assignment.id();
    if registry.assignments().any(|other| other.id() == id) {
        return Err(GraphError::invalid(
            "Permission being assigned already exists on the object",
        ));
    }
    if registry.assignments().count() >= MOST_OBJECTS {
        return Err(GraphError::invalid(format!(
            "The directory has {MOST_OBJECTS} assignments, which is the most; delete some."
        )));
    }
    registry.put_assignment(assignment);
    Ok(())
}

/// The default access exists only where there is no role for this kind of principal.
fn check_role(
    resource: &ApplicationObject,
    assignment: &AppRoleAssignment,
) -> Result<(), GraphError> {
    let kind = match assignment.principal_type {
        PrincipalType::User | PrincipalType::Group => AllowedMemberType::User,
        PrincipalType::ServicePrincipal => AllowedMemberType::Application,
    };
    let mut roles = resource
        .app_roles
        .iter()
        .filter(|role| role.is_enabled && role.allowed_member_types.contains(&kind));
    let is_assignable = if assignment.app_role_id.is_nil() {
        roles.next().is_none()
    } else {
        roles.any(|role| role.id == assignment.app_role_id)
    };
    if is_assignable {
        Ok(())
    } else {
        Err(GraphError::invalid(format!(
            "Permission being assigned was not found on application '{}'",
            resource.app_id
        )))
    }
}
