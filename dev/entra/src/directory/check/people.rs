//! Users, guests and groups.

use super::{Check, Field};
use crate::directory::document::{Document, GroupEntry, MemberType, UserEntry};

/// The most groups that one entry may stand for.
const MOST_GROUPS: u16 = 2000;

/// The fields with usernames.
pub(super) fn usernames(document: &Document) -> impl Iterator<Item = (Field, String)> {
    users(document).map(|(field, user)| (field, user.username.clone()))
}

/// The fields with the object ids of users, guests and groups.
pub(super) fn object_ids(document: &Document) -> impl Iterator<Item = (Field, String)> {
    let members = users(document).map(|(field, user)| (field.member("oid"), user.oid.to_string()));
    let guests = users(document).flat_map(|(field, user)| {
        let guest_in = field.member("guestIn");
        user.guest_in
            .iter()
            .map(move |(tenant, guest)| {
                (guest_in.member(tenant).member("oid"), guest.oid.to_string())
            })
            .collect::<Vec<_>>()
    });
    let groups = groups(document).flat_map(|(field, group)| {
        let id = field.member("id");
        group
            .ids()
            .map(move |of_one| (id.clone(), of_one.to_string()))
    });
    members.chain(guests).chain(groups)
}

fn users(document: &Document) -> impl Iterator<Item = (Field, &UserEntry)> {
    let named = |(index, user): (usize, _)| -> (Field, &UserEntry) {
        let user: &UserEntry = user;
        (Field::named("users", index, &user.username), user)
    };
    document.users.iter().enumerate().map(named)
}

fn groups(document: &Document) -> impl Iterator<Item = (Field, &GroupEntry)> {
    let named = |(index, group): (usize, _)| -> (Field, &GroupEntry) {
        let group: &GroupEntry = group;
        (Field::named("groups", index, &group.name), group)
    };
    document.groups.iter().enumerate().map(named)
}

impl Check<'_> {
    pub(super) fn people(&mut self) {
        let document = self.document;
        for (field, user) in users(document) {
            self.user(&field, user);
        }
        for (field, group) in groups(document) {
            self.group(&field, group);
        }
    }

    fn user(&mut self, field: &Field, user: &UserEntry) {
        self.tenant(field, &user.tenant);
        self.unless(!user.username.is_empty(), &field.member("username"), || {
            "has an empty username; write one".to_owned()
        });
        self.unless(!user.password.is_empty(), &field.member("password"), || {
            "has an empty password; write one".to_owned()
        });
        for key in user.conditional_access.keys() {
            self.application_named(&field.member("conditionalAccess"), key);
        }
        self.assignments(
            &field.member("roles"),
            &user.tenant,
            &user.roles,
            MemberType::Users,
        );
        for (tenant, guest) in &user.guest_in {
            let field = field.member("guestIn").member(tenant);
            let is_there = self.document.tenants.contains_key(tenant);
            self.unless(is_there && *tenant != user.tenant, &field, || {
                format!("{tenant} is not another tenant of this file; name one")
            });
            self.assignments(
                &field.member("roles"),
                tenant,
                &guest.roles,
                MemberType::Users,
            );
        }
    }

    fn group(&mut self, field: &Field, group: &GroupEntry) {
        self.tenant(field, &group.tenant);
        self.unless(
            (1..=MOST_GROUPS).contains(&group.count),
            &field.member("count"),
            || format!("must be between 1 and {MOST_GROUPS}"),
        );
        for (index, member) in group.members.iter().enumerate() {
            let is_there = self.document.users.iter().any(|user| {
                user.username.to_lowercase() == member.to_lowercase()
                    && (user.tenant == group.tenant || user.guest_in.contains_key(&group.tenant))
            });
            let field = field.member("members").element(index, member);
            self.unless(is_there, &field, || {
                format!(
                    "tenant {} has no member or guest with this username; add one or remove it",
                    group.tenant
                )
            });
        }
        self.assignments(
            &field.member("roles"),
            &group.tenant,
            &group.roles,
            MemberType::Users,
        );
    }
}
