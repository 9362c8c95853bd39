//! `/groups`. The directory has no groups yet, so the collections are empty.

use serde_json::{Value, json};
use uuid::Uuid;

use super::call::{Call, EntityType};
use super::error::GraphError;
use super::reply::Reply;
use crate::directory::User;

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
pub(super) fn groups_of(_user: &User) -> Vec<Uuid> {
    Vec::new()
}

/// The groups of a tenant as Graph shows them.
fn groups(_call: &Call<'_>) -> Vec<Value> {
    Vec::new()
}

/// The groups of a user as Graph shows them.
pub(super) fn shown(call: &Call<'_>, user: &User) -> Vec<Value> {
    let ids: Vec<Value> = groups_of(user).iter().map(|id| json!(id)).collect();
    groups(call)
        .into_iter()
        .filter(|group| ids.contains(&group["id"]))
        .collect()
}

pub(super) fn serve(call: &Call<'_>, path: &[&str]) -> Result<Reply, GraphError> {
    call.caller.require(&READ)?;
    let found = |id: &str| {
        groups(call)
            .into_iter()
            .find(|group| group["id"] == id)
            .ok_or_else(|| GraphError::not_found(id))
    };
    match (call.method, path) {
        ("GET", []) => call.collection(&GROUP, groups(call)),
        ("GET", ["$count"]) => call.count(&GROUP, groups(call)),
        ("GET", [id]) => call.entity(&GROUP, found(id)?),
        ("GET", [id, "members" | "transitiveMembers"]) => {
            found(id)?;
            let is_member =
                |user: &&User| groups_of(user).iter().any(|group| group.to_string() == *id);
            let members = super::users::in_tenant(call).filter(is_member);
            call.collection(
                &super::users::DIRECTORY_OBJECT,
                members.map(super::users::shown),
            )
        }
        (_, [] | [_] | [_, "members"]) => Err(GraphError::method_not_allowed()),
        _ => Err(call.no_such_path()),
    }
}
