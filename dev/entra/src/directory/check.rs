//! Checks the directory file: every contradiction with its place and remedy.

mod application;
mod field;
mod managed_identity;
mod people;

use std::collections::{BTreeMap, BTreeSet};

use super::document::{ApplicationEntry, Document, MemberType};
pub(super) use field::Contradiction;
use field::Field;

/// Returns every contradiction in the document.
pub(super) fn contradictions(document: &Document) -> Vec<Contradiction> {
    let mut check = Check::new(document);
    check.identifiers_are_unique();
    for (key, application) in &document.applications {
        check.application(key, application);
    }
    check.people();
    check.managed_identities();
    check.found
}

struct Check<'a> {
    document: &'a Document,
    found: Vec<Contradiction>,
}

impl<'a> Check<'a> {
    fn new(document: &'a Document) -> Self {
        Self {
            document,
            found: Vec::new(),
        }
    }

    fn report(&mut self, field: &Field, problem: &str) {
        self.found.push(field.is_wrong(problem));
    }

    fn report_all(&mut self, field: &Field, problems: impl Iterator<Item = String>) {
        for problem in problems {
            self.report(field, &problem);
        }
    }

    fn unless(&mut self, holds: bool, field: &Field, problem: impl FnOnce() -> String) {
        if !holds {
            self.report(field, &problem());
        }
    }

    fn identifiers_are_unique(&mut self) {
        let document = self.document;
        let tenants = Field::top("tenants");
        self.unless(!document.tenants.is_empty(), &tenants, || {
            "is empty; add at least one tenant".to_owned()
        });
        let ids = document
            .tenants
            .iter()
            .map(|(key, tenant)| (tenants.member(key).member("id"), tenant.id.to_string()));
        self.unique("id", ids);
        let of_applications = |name: &'static str, value: fn(&ApplicationEntry) -> String| {
            let applications = Field::top("applications");
            document
                .applications
                .iter()
                .map(move |(key, entry)| (applications.member(key).member(name), value(entry)))
        };
        let clients = of_applications("clientId", |entry| entry.client_id.to_string());
        self.unique(
            "clientId",
            clients.chain(managed_identity::client_ids(document)),
        );
        self.unique(
            "identifierUri",
            of_applications("identifierUri", ApplicationEntry::identifier_uri),
        );
        self.unique("username", people::usernames(document));
        let principals = of_applications("servicePrincipal", |entry| {
            entry.service_principal.to_string()
        });
        self.unique(
            "object id (oid, servicePrincipal, objectId, id of a group)",
            people::object_ids(document)
                .chain(principals)
                .chain(managed_identity::object_ids(document)),
        );
    }

    fn unique(&mut self, name: &str, values: impl Iterator<Item = (Field, String)>) {
        let mut seen: BTreeMap<String, Field> = BTreeMap::new();
        for (field, value) in values {
            if let Some(first) = seen.get(&value.to_lowercase()) {
                let problem = format!("{name} {value} is that of {first} too; give each its own");
                self.report(&field, &problem);
            } else {
                seen.insert(value.to_lowercase(), field);
            }
        }
    }

    /// Checks role assignments of users, groups or managed identities in `tenant`.
    fn assignments(
        &mut self,
        field: &Field,
        tenant: &str,
        roles: &BTreeMap<String, BTreeSet<String>>,
        member: MemberType,
    ) {
        for (key, roles) in roles {
            let Some(target) = self.application_named(field, key) else {
                continue;
            };
            let field = field.member(key);
            self.unless(
                target.multi_tenant || target.tenant == tenant,
                &field,
                || {
                    format!(
                        "{key} is not in tenant {tenant}; make it multiTenant or remove the role"
                    )
                },
            );
            for role in roles {
                self.role(&field, key, target, role, member);
            }
        }
    }

    fn role(
        &mut self,
        field: &Field,
        key: &str,
        target: &ApplicationEntry,
        role: &str,
        member: MemberType,
    ) {
        match target.roles.get(role) {
            None => {
                let known: Vec<&String> = target.roles.keys().collect();
                self.report(
                    field,
                    &format!("{key} has no role {role}; it has {known:?}"),
                );
            }
            Some(allowed) if !allowed.contains(&member) => self.report(
                field,
                &format!(
                    "role {role} of {key} cannot be given to {member:?}; it allows {allowed:?}"
                ),
            ),
            Some(_) => {}
        }
    }

    fn tenant(&mut self, field: &Field, key: &str) {
        let tenants = &self.document.tenants;
        self.unless(tenants.contains_key(key), &field.member("tenant"), || {
            format!(
                "there is no tenant {key}; the tenants are {:?}",
                tenants.keys().collect::<Vec<_>>()
            )
        });
    }

    /// The application that the key `key` of `field` names.
    fn application_named(&mut self, field: &Field, key: &str) -> Option<&'a ApplicationEntry> {
        let applications = &self.document.applications;
        let found = applications.get(key);
        self.unless(found.is_some(), &field.member(key), || {
            format!(
                "there is no application {key}; they are {:?}",
                applications.keys().collect::<Vec<_>>()
            )
        });
        found
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
