//! `/groups`, which only the directory file changes.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::assignments;
use super::call::{Call, EntityType};
use super::error::GraphError;
use super::reply::Reply;
use crate::directory::{Group, User};

pub(super) static GROUP: EntityType = EntityType {
    set: "groups",
    name: "group",
    filterable: &["id", "displayName", "securityEnabled"],
    default: &[],
};

/// Any of these permits to read groups and their members.
const READ: [&str; 4] = [
    "GroupMember.Read.All",
    "Group.Read.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];

/// The ids of the groups of a user, direct and through other groups.
pub(super) fn groups_of(user: &User) -> &[Uuid] {
    &user.groups
}

/// The groups of the tenant.
fn in_tenant<'a>(call: &'a Call<'_>) -> impl Iterator<Item = &'a Group> {
    let groups = call.entra.directory.groups().iter();
    groups.filter(|group| group.tenant == call.tenant)
}

/// A security group as Graph shows one.
fn shown(group: &Group) -> Value {
    json!({
        "createdDateTime": null,
        "deletedDateTime": null,
        "description": null,
        "displayName": group.name,
        "groupTypes": [],
        "id": group.id,
        "mail": null,
        "mailEnabled": false,
        "mailNickname": group.id,
        "onPremisesSyncEnabled": null,
        "securityEnabled": true,
        "visibility": null,
    })
}

/// The groups of a user as Graph shows them.
pub(super) fn shown_of(call: &Call<'_>, user: &User) -> Vec<Value> {
    let ids: BTreeSet<&Uuid> = groups_of(user).iter().collect();
    let groups = in_tenant(call).filter(|group| ids.contains(&group.id));
    groups.map(shown).collect()
}

pub(super) fn serve(call: &Call<'_>, path: &[&str]) -> Result<Reply, GraphError> {
    // Assignments have permissions of their own.
    if let [_, "appRoleAssignments", ..] = path {
        assignments::require(call)?;
    } else {
        call.caller.require(&READ)?;
    }
    let all = || in_tenant(call).map(shown);
    let found = |id: &str| {
        in_tenant(call)
            .find(|group| group.id.to_string().eq_ignore_ascii_case(id))
            .ok_or_else(|| GraphError::not_found(id))
    };
    match (call.method, path) {
        ("GET", []) => call.collection(&GROUP, all()),
        ("GET", ["$count"]) => call.count(&GROUP, all()),
        ("GET", [id]) => call.entity(&GROUP, shown(found(id)?)),
        ("GET", [id, "members" | "transitiveMembers"]) => {
            let group = found(id)?;
            let is_member = |user: &&User| groups_of(user).contains(&group.id);
            let members = super::users::in_tenant(call).filter(is_member);
            call.collection(
                &super::users::DIRECTORY_OBJECT,
                members.map(super::users::shown),
            )
        }
        (_, [id, "appRoleAssignments", rest @ ..]) => {
            assignments::of_principal(call, found(id)?.id, rest)
        }
        (_, [] | [_] | [_, "members"]) => Err(GraphError::method_not_allowed()),
        _ => Err(call.no_such_path()),
    }
}
