//! Managed identities.

use super::{Check, Field};
use crate::directory::Secret;
use crate::directory::document::{Document, ManagedIdentityEntry, MemberType};

/// The fields with client ids.
pub(super) fn client_ids(document: &Document) -> impl Iterator<Item = (Field, String)> {
    identities(document)
        .map(|(field, entry)| (field.member("clientId"), entry.client_id.to_string()))
}

/// The fields with object ids.
pub(super) fn object_ids(document: &Document) -> impl Iterator<Item = (Field, String)> {
    identities(document)
        .map(|(field, entry)| (field.member("objectId"), entry.object_id.to_string()))
}

fn identities(document: &Document) -> impl Iterator<Item = (Field, &ManagedIdentityEntry)> {
    let all = Field::top("managedIdentities");
    document
        .managed_identities
        .iter()
        .map(move |(key, entry)| (all.member(key), entry))
}

impl Check<'_> {
    pub(super) fn managed_identities(&mut self) {
        let document = self.document;
        let mut system_assigned = None;
        for (field, entry) in identities(document) {
            self.tenant(&field, &entry.tenant);
            let roles = field.member("roles");
            self.assignments(
                &roles,
                &entry.tenant,
                &entry.roles,
                MemberType::Applications,
            );
            if !entry.system_assigned {
                continue;
            }
            let flag = field.member("systemAssigned");
            if let Some(first) = system_assigned.replace(field) {
                let problem =
                    format!("{first} is systemAssigned too; a resource has one such identity");
                self.report(&flag, &problem);
            }
        }
        let header = Field::top("identityHeader");
        let is_empty = document
            .identity_header
            .as_ref()
            .is_some_and(Secret::is_empty);
        self.unless(!is_empty, &header, || {
            "is empty; write a value or remove it".to_owned()
        });
    }
}
