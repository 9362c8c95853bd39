//! The writable objects of Microsoft Graph of all tenants, and which of them were changed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::object::{
    AppRoleAssignment, ApplicationObject, FederatedIdentityCredential, OAuth2PermissionGrant,
    ServicePrincipalObject,
};
use crate::directory::{ClientSecret, Secret};

/// All objects, by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry {
    registrations: BTreeMap<Uuid, Registration>,
    service_principals: BTreeMap<Uuid, ServicePrincipalObject>,
    grants: BTreeMap<String, OAuth2PermissionGrant>,
    assignments: BTreeMap<String, AppRoleAssignment>,
    /// The objects that differ from the directory file.
    changed: Changed,
}

/// An application with what reads of it do not show.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Registration {
    pub(crate) tenant: Uuid,
    pub(crate) application: ApplicationObject,
    /// Whether this only holds the names of a managed identity, which has no registration.
    #[serde(default)]
    pub(crate) is_managed_identity: bool,
    /// The client secrets by key id.
    pub(crate) secrets: BTreeMap<Uuid, Secret>,
    pub(crate) federated: Vec<FederatedIdentityCredential>,
}

#[derive(Clone, Debug, Default)]
struct Changed {
    registrations: BTreeSet<Uuid>,
    service_principals: BTreeSet<Uuid>,
    grants: BTreeSet<String>,
    assignments: BTreeSet<String>,
}

/// What changed since the directory file was read: each changed object as it is, or `None` if it
/// was deleted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct GraphChanges {
    registrations: BTreeMap<Uuid, Option<Registration>>,
    service_principals: BTreeMap<Uuid, Option<ServicePrincipalObject>>,
    grants: BTreeMap<String, Option<OAuth2PermissionGrant>>,
    assignments: BTreeMap<String, Option<AppRoleAssignment>>,
}

impl Registration {
    /// The client secrets with their ends.
    pub(crate) fn client_secrets(&self) -> Vec<ClientSecret> {
        let credentials = &self.application.password_credentials;
        let end = |key_id: &Uuid| {
            let credential = credentials.iter().find(|it| it.key_id == *key_id)?;
            let end: jiff::Timestamp = credential.end_date_time.as_ref()?.parse().ok()?;
            Some(end.as_second())
        };
        let secrets = self.secrets.iter();
        secrets
            .map(|(key_id, secret)| ClientSecret::new(secret.clone(), end(key_id)))
            .collect()
    }
}

impl Registry {
    pub(crate) fn registrations(&self) -> impl Iterator<Item = &Registration> {
        self.registrations.values()
    }

    pub(crate) fn registration(&self, id: Uuid) -> Option<&Registration> {
        self.registrations.get(&id)
    }

    pub(crate) fn registration_of(&self, app_id: Uuid) -> Option<&Registration> {
        self.registrations()
            .find(|registration| registration.application.app_id == app_id)
    }

    pub(crate) fn service_principals(&self) -> impl Iterator<Item = &ServicePrincipalObject> {
        self.service_principals.values()
    }

    pub(crate) fn service_principal(&self, id: Uuid) -> Option<&ServicePrincipalObject> {
        self.service_principals.get(&id)
    }

    pub(crate) fn service_principal_of(&self, app_id: Uuid) -> Option<&ServicePrincipalObject> {
        self.service_principals()
            .find(|principal| principal.app_id == app_id)
    }

    /// The application of the service principal `id`.
    pub(crate) fn application_of(&self, id: Uuid) -> Option<&ApplicationObject> {
        let principal = self.service_principal(id)?;
        let registration = self.registration_of(principal.app_id)?;
        Some(&registration.application)
    }

    /// The consents of administrators. Those of users are in [`crate::memory::Memory`].
    pub(crate) fn grants(&self) -> impl Iterator<Item = &OAuth2PermissionGrant> {
        self.grants.values()
    }

    pub(crate) fn assignments(&self) -> impl Iterator<Item = &AppRoleAssignment> {
        self.assignments.values()
    }

    pub(crate) fn put_registration(&mut self, registration: Registration) {
        let id = registration.application.id;
        self.changed.registrations.insert(id);
        self.registrations.insert(id, registration);
    }

    /// Deletes an application with its service principal.
    pub(crate) fn remove_registration(&mut self, id: Uuid) {
        let Some(removed) = self.registrations.remove(&id) else {
            return;
        };
        self.changed.registrations.insert(id);
        let principal = self.service_principal_of(removed.application.app_id);
        if let Some(principal) = principal.map(|principal| principal.id) {
            self.remove_service_principal(principal);
        }
    }

    pub(crate) fn put_service_principal(&mut self, principal: ServicePrincipalObject) {
        self.changed.service_principals.insert(principal.id);
        self.service_principals.insert(principal.id, principal);
    }

    /// Deletes a service principal with all grants and assignments of it and on it.
    pub(crate) fn remove_service_principal(&mut self, id: Uuid) {
        self.service_principals.remove(&id);
        self.changed.service_principals.insert(id);
        let grants: Vec<String> = self
            .grants()
            .filter(|grant| grant.client_id == id || grant.resource_id == id)
            .map(|grant| grant.id.clone())
            .collect();
        for grant in grants {
            self.remove_grant(&grant);
        }
        let assignments: Vec<String> = self
            .assignments()
            .filter(|assignment| assignment.principal_id == id || assignment.resource_id == id)
            .map(AppRoleAssignment::id)
            .collect();
        for assignment in assignments {
            self.remove_assignment(&assignment);
        }
    }

    pub(crate) fn put_grant(&mut self, mut grant: OAuth2PermissionGrant) {
        grant.id = grant.derived_id();
        self.changed.grants.insert(grant.id.clone());
        self.grants.insert(grant.id.clone(), grant);
    }

    pub(crate) fn remove_grant(&mut self, id: &str) {
        self.grants.remove(id);
        self.changed.grants.insert(id.to_owned());
    }

    pub(crate) fn put_assignment(&mut self, assignment: AppRoleAssignment) {
        self.changed.assignments.insert(assignment.id());
        self.assignments.insert(assignment.id(), assignment);
    }

    pub(crate) fn remove_assignment(&mut self, id: &str) {
        self.assignments.remove(id);
        self.changed.assignments.insert(id.to_owned());
    }

    /// The number of objects that differ from the directory file.
    pub(crate) fn changed_objects(&self) -> usize {
        let Changed {
            registrations,
            service_principals,
            grants,
            assignments,
        } = &self.changed;
        registrations.len() + service_principals.len() + grants.len() + assignments.len()
    }

    /// Makes the objects so far those of the directory file.
    pub(crate) fn unchanged(self) -> Self {
        Self {
            changed: Changed::default(),
            ..self
        }
    }
}

#[cfg_attr(
    not(test),
    expect(dead_code, reason = "nothing keeps the changes beyond a restart yet")
)]
impl Registry {
    /// The changes since the directory file was read.
    pub(crate) fn changes(&self) -> GraphChanges {
        GraphChanges {
            registrations: of(&self.registrations, &self.changed.registrations),
            service_principals: of(&self.service_principals, &self.changed.service_principals),
            grants: of(&self.grants, &self.changed.grants),
            assignments: of(&self.assignments, &self.changed.assignments),
        }
    }

    /// Makes changes again that [`Registry::changes`] returned.
    pub(crate) fn apply(&mut self, changes: GraphChanges) {
        let Self {
            registrations,
            service_principals,
            grants,
            assignments,
            changed,
        } = self;
        make(
            registrations,
            &mut changed.registrations,
            changes.registrations,
        );
        make(
            service_principals,
            &mut changed.service_principals,
            changes.service_principals,
        );
        make(grants, &mut changed.grants, changes.grants);
        make(assignments, &mut changed.assignments, changes.assignments);
    }
}

fn of<K: Ord + Clone, V: Clone>(
    objects: &BTreeMap<K, V>,
    changed: &BTreeSet<K>,
) -> BTreeMap<K, Option<V>> {
    changed
        .iter()
        .map(|id| (id.clone(), objects.get(id).cloned()))
        .collect()
}

fn make<K: Ord + Clone, V>(
    objects: &mut BTreeMap<K, V>,
    ids: &mut BTreeSet<K>,
    changes: BTreeMap<K, Option<V>>,
) {
    for (id, now) in changes {
        ids.insert(id.clone());
        match now {
            Some(now) => objects.insert(id, now),
            None => objects.remove(&id),
        };
    }
}
