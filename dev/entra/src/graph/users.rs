//! `/me` and `/users`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::assignments;
use super::call::{Call, EntityType};
use super::error::GraphError;
use super::groups;
use super::reply::Reply;
use crate::directory::User;

static USER: EntityType = EntityType {
    set: "users",
    name: "user",
    filterable: &[
        "id",
        "userPrincipalName",
        "displayName",
        "mail",
        "accountEnabled",
        "userType",
    ],
    default: &[
        "businessPhones",
        "displayName",
        "givenName",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
        "id",
    ],
};

/// Members and memberships of mixed types.
pub(super) static DIRECTORY_OBJECT: EntityType = EntityType {
    set: "directoryObjects",
    name: "directoryObject",
    filterable: &["id", "displayName"],
    default: &[],
};

/// Any of these permits a user to read themselves.
const READ_SELF: [&str; 4] = [
    "User.Read",
    "User.Read.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
/// Any of these permits to read all users.
const READ: [&str; 3] = [
    "User.Read.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
/// Any of these permits to read the groups of all users.
const READ_MEMBERSHIPS: [&str; 4] = [
    "GroupMember.Read.All",
    "Group.Read.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];

/// The body of `getMemberObjects`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MemberObjects {
    #[expect(
        dead_code,
        reason = "required, and all groups here are security groups"
    )]
    security_enabled_only: bool,
}

/// A user as Graph shows one.
pub(super) fn shown(user: &User) -> Value {
    let (given, family) = user.name.split_once(' ').unzip();
    json!({
        "accountEnabled": true,
        "businessPhones": [],
        "companyName": null,
        "createdDateTime": null,
        "deletedDateTime": null,
        "department": null,
        "displayName": user.name,
        "employeeId": null,
        "givenName": given,
        "id": user.object_id,
        "jobTitle": null,
        "mail": user.email,
        "mailNickname": user.upn.split('@').next(),
        "mobilePhone": null,
        "officeLocation": null,
        "onPremisesSyncEnabled": null,
        "preferredLanguage": null,
        "surname": family,
        "usageLocation": null,
        "userPrincipalName": user.upn,
        "userType": if user.is_guest() { "Guest" } else { "Member" },
    })
}

/// `/me` is a user, so it needs a delegated token.
pub(super) fn serve_me(call: &Call<'_>, path: &[&str]) -> Result<Reply, GraphError> {
    let Some(id) = call.caller.user else {
        return Err(GraphError::bad_request(
            "/me request is only valid with delegated authentication flow.",
        ));
    };
    let id = id.to_string();
    let path: Vec<&str> = [id.as_str()].iter().chain(path).copied().collect();
    serve(call, &path)
}

pub(super) fn serve(call: &Call<'_>, path: &[&str]) -> Result<Reply, GraphError> {
    let users = || in_tenant(call).map(shown);
    match (call.method, path) {
        ("GET", []) => {
            call.caller.require(&READ)?;
            call.collection(&USER, users())
        }
        ("GET", ["$count"]) => {
            call.caller.require(&READ)?;
            call.count(&USER, users())
        }
        (_, [id, rest @ ..]) => {
            let user = find(call, id);
            let is_self = user.is_some_and(|user| Some(user.object_id) == call.caller.user);
            let user = user.ok_or_else(|| GraphError::not_found(id));
            one(call, user, is_self, rest)
        }
        _ => Err(GraphError::method_not_allowed()),
    }
}

/// What is asked of one user. Permissions come first, so that errors do not tell who exists.
fn one(
    call: &Call<'_>,
    user: Result<&User, GraphError>,
    is_self: bool,
    path: &[&str],
) -> Result<Reply, GraphError> {
    let require = |of_others: &[&str]| {
        if is_self && call.caller.has(&READ_SELF) {
            Ok(())
        } else {
            call.caller.require(of_others)
        }
    };
    match (call.method, path) {
        ("GET", []) => {
            require(&READ)?;
            call.entity(&USER, shown(user?))
        }
        ("GET", ["memberOf" | "transitiveMemberOf"]) => {
            require(&READ_MEMBERSHIPS)?;
            call.collection(&DIRECTORY_OBJECT, groups::shown_of(call, user?))
        }
        ("POST", ["getMemberObjects" | "getMemberGroups"]) => {
            require(&READ_MEMBERSHIPS)?;
            let MemberObjects { .. } = call.parsed()?;
            Ok(Reply::Json(json!({
                "@odata.context": call.metadata("Collection(Edm.String)"),
                "value": groups::groups_of(user?),
            })))
        }
        (_, ["appRoleAssignments", rest @ ..]) => {
            assignments::require(call)?;
            assignments::of_principal(call, user?.object_id, rest)
        }
        (_, [] | ["memberOf" | "getMemberObjects" | "getMemberGroups"]) => {
            Err(GraphError::method_not_allowed())
        }
        _ => Err(call.no_such_path()),
    }
}

/// The users of the tenant.
pub(super) fn in_tenant<'a>(call: &'a Call<'_>) -> impl Iterator<Item = &'a User> {
    let users = call.entra.directory.users().iter();
    users.filter(|user| user.tenant == call.tenant)
}

/// The user with this object id or user principal name.
fn find<'a>(call: &'a Call<'_>, id: &str) -> Option<&'a User> {
    let upn = id.to_lowercase();
    in_tenant(call).find(|user| {
        user.upn.to_lowercase() == upn || user.object_id.to_string().eq_ignore_ascii_case(id)
    })
}
