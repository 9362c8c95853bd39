//! What the objects of Microsoft Graph mean for sign-in and tokens.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::authority::Version;
use crate::directory::{
    Application, ClientCredentials, ClientType, Directory, FederatedCredential, Grant,
    GroupMembershipClaims, MemberType, RedirectUris, User,
};
use crate::graph::{
    AllowedMemberType, AppRoleAssignment, ApplicationObject, PrincipalType, Registration, Registry,
};

impl Directory {
    /// The directory in which the objects are `registry`. What Graph does not show of an
    /// application stays.
    pub(crate) fn with_registry(&self, registry: Registry) -> Self {
        let applications = registry
            .registrations()
            .map(|registration| {
                let app_id = registration.application.app_id;
                let before = self.applications.iter().find(|it| it.client_id == app_id);
                let before = before
                    .cloned()
                    .unwrap_or_else(|| Application::blank(app_id, registration.tenant));
                project(&before, registration, &registry)
            })
            .collect();
        let mut users = self.users.clone();
        for user in &mut users {
            user.take_roles(&registry);
        }
        Self {
            users,
            groups: self.groups.clone(),
            applications,
            identity_header: self.identity_header.clone(),
            tenants: self.tenants.clone(),
            folder: self.folder.clone(),
            registry,
        }
    }
}

fn project(before: &Application, registration: &Registration, registry: &Registry) -> Application {
    let object = &registration.application;
    let principal = registry.service_principal_of(object.app_id);
    let claims = object.optional_claims.clone().unwrap_or_default();
    let mut uris = object.identifier_uris.iter().cloned();
    let scopes = object.api.oauth2_permission_scopes.iter();
    let admin_scopes = scopes.filter(|scope| scope.is_enabled && scope.needs_admin());
    Application {
        key: object.display_name.clone(),
        object_id: object.id,
        is_present: principal.is_some_and(|principal| principal.account_enabled),
        service_principal: principal.map_or(before.service_principal, |principal| principal.id),
        assignment_required: principal.is_some_and(|it| it.app_role_assignment_required),
        // A resource without a URI has its client id in `aud`.
        identifier_uri: uris.next().unwrap_or_else(|| object.app_id.to_string()),
        more_identifier_uris: uris.collect(),
        client_type: client_type(&before.client_type, registration),
        token_version: match object.api.requested_access_token_version {
            Some(2) => Version::V2,
            _ => Version::V1,
        },
        scopes: object
            .enabled_scopes()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        admin_scopes: admin_scopes.map(|scope| scope.value.clone()).collect(),
        redirect_uris: RedirectUris {
            web: object.web.redirect_uris.clone(),
            spa: object.spa.redirect_uris.clone(),
            public_client: object.public_client.redirect_uris.clone(),
        },
        front_channel_logout: object.web.logout_url.clone(),
        optional_claims: claims.of_access_tokens(),
        optional_id_token_claims: claims.of_id_tokens(),
        group_membership_claims: group_membership_claims(object),
        app_roles: app_roles(object),
        multi_tenant: object.is_multi_tenant(),
        grants: principal.map_or_else(BTreeMap::new, |it| grants(it.id, registry)),
        pre_authorized: pre_authorized(object),
        requires: requires(before, object, registry),
        known_clients: object
            .api
            .known_client_applications
            .iter()
            .copied()
            .collect(),
        ..before.clone()
    }
}

/// Without credentials, only the switch for public clients makes an application public.
fn client_type(before: &ClientType, registration: &Registration) -> ClientType {
    let before = match before {
        ClientType::Public => ClientCredentials::default(),
        ClientType::Confidential(credentials) => credentials.clone(),
    };
    let credentials = ClientCredentials {
        secrets: registration.client_secrets(),
        federated: federated(&before.federated, registration),
        ..before
    };
    let has_any = !credentials.secrets.is_empty()
        || !credentials.federated.is_empty()
        || !credentials.certificates.is_empty();
    match registration.application.is_fallback_public_client {
        Some(true) if !has_any => ClientType::Public,
        _ => ClientType::Confidential(credentials),
    }
}

/// The federated credentials. One that the file has keeps the place of its keys.
fn federated(
    before: &[FederatedCredential],
    registration: &Registration,
) -> Vec<FederatedCredential> {
    let credentials = registration.federated.iter();
    credentials
        .map(|credential| {
            let known = before.iter().find(|it| it.issuer == credential.issuer);
            FederatedCredential {
                name: credential.name.clone(),
                issuer: credential.issuer.clone(),
                subject: credential.subject.clone(),
                audience: credential.audiences.first().cloned().unwrap_or_default(),
                keys_file: known.and_then(|known| known.keys_file.clone()),
                keys_url: known.and_then(|known| known.keys_url.clone()),
            }
        })
        .collect()
}

fn app_roles(object: &ApplicationObject) -> BTreeMap<String, BTreeSet<MemberType>> {
    let member = |allowed: &AllowedMemberType| match allowed {
        AllowedMemberType::User => MemberType::Users,
        AllowedMemberType::Application => MemberType::Applications,
    };
    let roles = object.app_roles.iter().filter(|role| role.is_enabled);
    roles
        .map(|role| {
            let members = role.allowed_member_types.iter().map(member).collect();
            (role.name().to_owned(), members)
        })
        .collect()
}

/// All groups here are security groups, and those of `ApplicationGroup` are not told apart.
fn group_membership_claims(object: &ApplicationObject) -> GroupMembershipClaims {
    let flags = object.group_membership_claims.as_deref();
    let mut flags = flags.unwrap_or_default().split(',').map(str::trim);
    if flags.any(|flag| matches!(flag, "All" | "ApplicationGroup" | "SecurityGroup")) {
        GroupMembershipClaims::SecurityGroup
    } else {
        GroupMembershipClaims::None
    }
}

fn pre_authorized(object: &ApplicationObject) -> BTreeMap<Uuid, BTreeSet<String>> {
    let scopes = &object.api.oauth2_permission_scopes;
    let clients = object.api.pre_authorized_applications.iter();
    clients
        .map(|client| {
            let ids = &client.delegated_permission_ids;
            let allowed = scopes
                .iter()
                .filter(|scope| scope.is_enabled && ids.contains(&scope.id));
            let values = allowed.map(|scope| scope.value.clone()).collect();
            (client.app_id, values)
        })
        .collect()
}

/// The scopes that the client lists, by the resource's client id. An empty list means that the
/// client may ask any resource, unless the file or a change gave it a list before.
fn requires(
    before: &Application,
    object: &ApplicationObject,
    registry: &Registry,
) -> Option<BTreeMap<Uuid, BTreeSet<String>>> {
    if object.required_resource_access.is_empty() && before.requires.is_none() {
        return None;
    }
    let listed = object.required_resource_access.iter();
    let by_resource = listed.map(|access| {
        let resource = registry.registration_of(access.resource_app_id);
        let scopes = resource.map(|resource| resource.application.scopes_with(access.scope_ids()));
        (access.resource_app_id, scopes.unwrap_or_default())
    });
    Some(by_resource.collect())
}

/// What an administrator granted to the client whose service principal is `client`.
fn grants(client: Uuid, registry: &Registry) -> BTreeMap<Uuid, Grant> {
    let mut grants: BTreeMap<Uuid, Grant> = BTreeMap::new();
    for grant in registry.grants().filter(|grant| grant.client_id == client) {
        if let Some(resource) = registry.application_of(grant.resource_id) {
            let enabled = resource.enabled_scopes();
            let scopes = grant.scopes().into_iter();
            let granted = &mut grants.entry(resource.app_id).or_default().scopes;
            granted.extend(scopes.filter(|scope| enabled.contains(scope.as_str())));
        }
    }
    let is_theirs = |assignment: &AppRoleAssignment| {
        assignment.principal_type == PrincipalType::ServicePrincipal
            && assignment.principal_id == client
    };
    for (resource, role) in assigned(registry, is_theirs) {
        let granted = &mut grants.entry(resource).or_default().roles;
        granted.extend(role.map(str::to_owned));
    }
    grants
}

impl User {
    /// Takes the roles and the default access from the assignments of the user and of the groups.
    pub(super) fn take_roles(&mut self, registry: &Registry) {
        self.roles.clear();
        self.default_access.clear();
        let groups: BTreeSet<Uuid> = self.groups.iter().copied().collect();
        let user = self.object_id;
        let is_theirs = |assignment: &AppRoleAssignment| match assignment.principal_type {
            PrincipalType::User => assignment.principal_id == user,
            PrincipalType::Group => groups.contains(&assignment.principal_id),
            PrincipalType::ServicePrincipal => false,
        };
        for (resource, role) in assigned(registry, is_theirs) {
            match role {
                Some(role) => {
                    let roles = self.roles.entry(resource).or_default();
                    roles.insert(role.to_owned());
                }
                None => {
                    self.default_access.insert(resource);
                }
            }
        }
    }
}

/// The assignments that `is_theirs` selects: the resource's client id, and the enabled role; none
/// for the default access.
fn assigned(
    registry: &Registry,
    is_theirs: impl Fn(&AppRoleAssignment) -> bool,
) -> impl Iterator<Item = (Uuid, Option<&str>)> {
    registry
        .assignments()
        .filter(move |assignment| is_theirs(assignment))
        .filter_map(|assignment| {
            let resource = registry.application_of(assignment.resource_id)?;
            if assignment.app_role_id.is_nil() {
                return Some((resource.app_id, None));
            }
            let role = resource
                .app_roles
                .iter()
                .find(|role| role.id == assignment.app_role_id && role.is_enabled)?;
            Some((resource.app_id, Some(role.name())))
        })
}
