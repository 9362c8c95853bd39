//! Managed identities, which are service principals without a registration.

use std::collections::BTreeSet;

use super::Keys;
use crate::directory::document::ManagedIdentityEntry;
use crate::directory::{Application, Grant, ManagedIdentity};

pub(super) fn resolve(
    key: String,
    entry: ManagedIdentityEntry,
    keys: &Keys,
) -> Option<Application> {
    let resource_id = entry.resource_id(&key);
    let grants = keys.by_client_id(entry.roles).into_iter();
    let tenant = *keys.tenants.get(&entry.tenant)?;
    Some(Application {
        managed_identity: Some(ManagedIdentity {
            resource_id,
            is_system_assigned: entry.system_assigned,
        }),
        key,
        service_principal: entry.object_id,
        grants: grants
            .map(|(resource, roles)| {
                (
                    resource,
                    Grant {
                        scopes: BTreeSet::new(),
                        roles,
                    },
                )
            })
            .collect(),
        ..Application::blank(entry.client_id, tenant)
    })
}
