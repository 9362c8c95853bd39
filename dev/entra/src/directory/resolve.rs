//! Replaces the keys of the directory file by identifiers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use uuid::Uuid;

use super::document::{ApplicationEntry, Document, GrantEntry, OptionalClaim, UserEntry};
use super::{Application, ClientCredentials, ClientType, Directory, Grant, Tenant, User, graph};
use crate::graph::{Registry, derived_id};

/// Resolves a checked document. Omits unknown keys, which a checked document does not have.
pub(super) fn resolve(document: Document, folder: PathBuf) -> Directory {
    let tenants: BTreeMap<String, Uuid> = document
        .tenants
        .iter()
        .map(|(key, entry)| (key.clone(), entry.id))
        .collect();
    let clients = client_ids(&document);
    let tenant_id = |key: &str| tenants.get(key).copied();
    let directory = Directory {
        users: document
            .users
            .into_iter()
            .filter_map(|user| Some(resolve_user(tenant_id(&user.tenant)?, user, &clients)))
            .collect(),
        applications: document
            .applications
            .into_iter()
            .filter_map(|(key, entry)| {
                Some(resolve_application(
                    key,
                    tenant_id(&entry.tenant)?,
                    entry,
                    &clients,
                ))
            })
            .chain([graph::application()])
            .collect(),
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

fn resolve_user(tenant: Uuid, user: UserEntry, clients: &BTreeMap<String, Uuid>) -> User {
    User {
        tenant,
        object_id: user.oid,
        name: user.name,
        username: user.username,
        password: user.password,
        roles: by_client_id(user.roles, clients),
        default_access: BTreeSet::new(),
        conditional_access: by_client_id(user.conditional_access, clients),
    }
}

fn resolve_application(
    key: String,
    tenant: Uuid,
    entry: ApplicationEntry,
    clients: &BTreeMap<String, Uuid>,
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
        pre_authorized: by_client_id(entry.pre_authorized, clients),
        puts_idtyp_in_tokens: entry.optional_claims.contains(&OptionalClaim::Idtyp),
        app_roles: entry.roles,
        is_present: true,
        multi_tenant: entry.multi_tenant,
        grants: by_client_id(entry.grants, clients)
            .into_iter()
            .map(|(resource, GrantEntry { scopes, roles })| (resource, Grant { scopes, roles }))
            .collect(),
    }
}

fn by_client_id<T>(
    by_key: BTreeMap<String, T>,
    clients: &BTreeMap<String, Uuid>,
) -> BTreeMap<Uuid, T> {
    by_key
        .into_iter()
        .filter_map(|(key, value)| Some((*clients.get(&key)?, value)))
        .collect()
}
