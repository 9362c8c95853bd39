//! Users, guests and groups.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::Keys;
use crate::directory::document::{Document, GroupEntry, GuestEntry, UserEntry};
use crate::directory::{Group, User};

type Roles = BTreeMap<String, BTreeSet<String>>;

/// The members of tenants, and after them the guests.
pub(super) fn users(document: &Document, keys: &Keys) -> Vec<User> {
    let members = document.users.iter().filter_map(|user| {
        let place = Place {
            tenant: &user.tenant,
            oid: user.oid,
            roles: &user.roles,
            upn: user.username.clone(),
            home: None,
        };
        resolve(document, keys, user, &place)
    });
    let guests = document.users.iter().flat_map(|user| {
        user.guest_in
            .iter()
            .filter_map(|(tenant, guest)| resolve_guest(document, keys, user, tenant, guest))
    });
    members.chain(guests).collect()
}

/// What differs between the accounts of one user.
struct Place<'a> {
    /// The tenant's key.
    tenant: &'a str,
    oid: Uuid,
    roles: &'a Roles,
    upn: String,
    home: Option<Uuid>,
}

fn resolve_guest(
    document: &Document,
    keys: &Keys,
    user: &UserEntry,
    tenant: &str,
    guest: &GuestEntry,
) -> Option<User> {
    let place = Place {
        tenant,
        oid: guest.oid,
        roles: &guest.roles,
        upn: guest_upn(document, user, tenant),
        home: keys.tenants.get(&user.tenant).copied(),
    };
    resolve(document, keys, user, &place)
}

/// The user principal name that an invitation gives to a guest.
fn guest_upn(document: &Document, user: &UserEntry, tenant: &str) -> String {
    let domain = document
        .tenants
        .get(tenant)
        .and_then(|entry| entry.domains.first().cloned())
        .unwrap_or_else(|| format!("{tenant}.onmicrosoft.com"));
    format!("{}#EXT#@{domain}", user.username.replace('@', "_"))
}

fn resolve(document: &Document, keys: &Keys, user: &UserEntry, place: &Place<'_>) -> Option<User> {
    let username = user.username.to_lowercase();
    let joined = document.groups.iter().filter(|group| {
        let mut members = group.members.iter();
        group.tenant == place.tenant && members.any(|member| member.to_lowercase() == username)
    });
    Some(User {
        tenant: *keys.tenants.get(place.tenant)?,
        object_id: place.oid,
        name: user.name.clone(),
        username: user.username.clone(),
        upn: place.upn.clone(),
        email: user.email.as_ref().unwrap_or(&user.username).clone(),
        password: user.password.clone(),
        // An administrator of the home tenant is none where invited.
        is_administrator: user.administrator && place.home.is_none(),
        home: place.home,
        groups: joined.flat_map(GroupEntry::ids).collect(),
        // Those of the groups come with the assignments.
        roles: keys.by_client_id(place.roles.clone()),
        default_access: BTreeSet::new(),
        conditional_access: keys.by_client_id(user.conditional_access.clone()),
    })
}

/// Every group, one by one.
pub(super) fn groups(document: &Document, keys: &Keys) -> Vec<Group> {
    let resolved = document.groups.iter().filter_map(|entry| {
        let tenant = *keys.tenants.get(&entry.tenant)?;
        let roles = keys.by_client_id(entry.roles.clone());
        Some(entry.ids().map(move |id| Group {
            id,
            tenant,
            name: entry.name.clone(),
            roles: roles.clone(),
        }))
    });
    resolved.flatten().collect()
}
