//! Replaces the keys of the directory file by identifiers.

mod managed_identity;
mod people;

use std::collections::BTreeMap;
use std::path::PathBuf;

use uuid::Uuid;

use super::document::{ApplicationEntry, Document, GrantEntry};
use super::{
    Application, ClientCredentials, ClientType, Directory, Grant, Tenant, graph, token_exchange,
};
use crate::graph::{Registry, derived_id};

/// Identifiers by the keys of the file.
struct Keys {
    tenants: BTreeMap<String, Uuid>,
    /// Client ids.
    applications: BTreeMap<String, Uuid>,
}

/// Resolves a checked document. Omits unknown keys, which a checked document does not have.
pub(super) fn resolve(document: Document, folder: PathBuf) -> Directory {
    let keys = Keys {
        tenants: document
            .tenants
            .iter()
            .map(|(key, entry)| (key.clone(), entry.id))
            .collect(),
        applications: client_ids(&document),
    };
    let directory = Directory {
        users: people::users(&document, &keys),
        groups: people::groups(&document, &keys),
        applications: document
            .applications
            .into_iter()
            .filter_map(|(key, entry)| {
                let tenant = *keys.tenants.get(&entry.tenant)?;
                Some(resolve_application(key, tenant, entry, &keys))
            })
            .chain([graph::application(), token_exchange::application()])
            .chain(
                document
                    .managed_identities
                    .into_iter()
                    .filter_map(|(key, entry)| managed_identity::resolve(key, entry, &keys)),
            )
            .collect(),
        identity_header: document.identity_header,
        tenants: document
            .tenants
            .into_values()
            .map(|entry| Tenant {
                id: entry.id,
                name: entry.name,
                domains: entry.domains,
            })
            .collect(),
        folder,
        registry: Registry::default(),
    };
    directory.described()
}

/// The client ids by key.
fn client_ids(document: &Document) -> BTreeMap<String, Uuid> {
    document
        .applications
        .iter()
        .map(|(key, entry)| (key.clone(), entry.client_id))
        .chain([(graph::KEY.to_owned(), graph::GRAPH_ID)])
        .collect()
}

fn resolve_application(
    key: String,
    tenant: Uuid,
    entry: ApplicationEntry,
    keys: &Keys,
) -> Application {
    Application {
        key,
        tenant,
        client_id: entry.client_id,
        object_id: derived_id(entry.client_id, "application"),
        service_principal: entry.service_principal,
        identifier_uri: entry.identifier_uri(),
        more_identifier_uris: Vec::new(),
        client_type: if entry.public_client {
            ClientType::Public
        } else {
            ClientType::Confidential(ClientCredentials {
                secrets: entry.secrets,
                certificates: entry.certificates,
                federated: entry.federated_credentials,
            })
        },
        token_version: entry.token_version,
        accepts_v1_endpoint: entry.accept_v1_endpoint,
        scopes: entry.scopes.union(&entry.admin_scopes).cloned().collect(),
        admin_scopes: entry.admin_scopes,
        redirect_uris: entry.redirect_uris,
        front_channel_logout: entry.front_channel_logout_uri,
        assignment_required: entry.assignment_required,
        app_roles: entry.roles,
        is_present: true,
        pre_authorized: keys.by_client_id(entry.pre_authorized),
        requires: entry.requires.map(|requires| keys.by_client_id(requires)),
        known_clients: entry
            .known_client_applications
            .iter()
            .filter_map(|client| keys.applications.get(client).copied())
            .collect(),
        optional_claims: entry.optional_claims,
        optional_id_token_claims: entry.optional_id_token_claims,
        group_membership_claims: entry.group_membership_claims,
        blueprint: entry
            .agent_of
            .as_ref()
            .and_then(|key| keys.applications.get(key).copied()),
        managed_identity: None,
        multi_tenant: entry.multi_tenant,
        grants: keys
            .by_client_id(entry.grants)
            .into_iter()
            .map(|(resource, GrantEntry { scopes, roles })| (resource, Grant { scopes, roles }))
            .collect(),
    }
}

impl Keys {
    fn by_client_id<T>(&self, by_key: BTreeMap<String, T>) -> BTreeMap<Uuid, T> {
        by_key
            .into_iter()
            .filter_map(|(key, value)| Some((*self.applications.get(&key)?, value)))
            .collect()
    }
}
