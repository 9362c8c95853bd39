//! The objects of Microsoft Graph for the entries of the directory file.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::authority::Version;
use crate::directory::{
    Application, ClientType, Directory, GRAPH_ID, Grant, GroupMembershipClaims, MemberType,
};
use crate::graph::{
    AllowedMemberType, Api, AppRole, AppRoleAssignment, ApplicationObject, ConsentNeeded,
    ConsentType, FederatedIdentityCredential, OAuth2PermissionGrant, OptionalClaims,
    PasswordCredential, PermissionScope, PreAuthorizedApplication, PrincipalType, RedirectUriList,
    Registration, Registry, RequiredResourceAccess, ServicePrincipalObject, derived_id,
    permission_ids,
};

impl Directory {
    /// The directory with its objects.
    pub(in crate::directory) fn described(mut self) -> Self {
        let mut registry = Registry::default();
        for application in &self.applications {
            registry.put_registration(registration(application));
            registry.put_service_principal(ServicePrincipalObject {
                id: application.service_principal,
                app_id: application.client_id,
                account_enabled: true,
                app_role_assignment_required: application.assignment_required,
                notes: None,
                tags: Vec::new(),
            });
        }
        for client in &self.applications {
            for (resource, grant) in &client.grants {
                if let Some(resource) = self.with_client_id(*resource) {
                    put_grant(&mut registry, client, resource, grant);
                }
            }
        }
        for user in &self.users {
            self.put_roles(
                &mut registry,
                (PrincipalType::User, user.object_id),
                &user.roles,
            );
        }
        for group in &self.groups {
            self.put_roles(
                &mut registry,
                (PrincipalType::Group, group.id),
                &group.roles,
            );
        }
        for user in &mut self.users {
            user.take_roles(&registry);
        }
        self.registry = registry.unchanged();
        self
    }

    /// Assigns app roles, which are by the application's client id, to a user or group.
    fn put_roles(
        &self,
        registry: &mut Registry,
        principal: (PrincipalType, Uuid),
        roles: &BTreeMap<Uuid, BTreeSet<String>>,
    ) {
        for (resource, roles) in roles {
            if let Some(resource) = self.with_client_id(*resource) {
                for role in roles {
                    registry.put_assignment(assignment(principal, resource, role));
                }
            }
        }
    }

    fn with_client_id(&self, id: Uuid) -> Option<&Application> {
        self.applications
            .iter()
            .find(|application| application.client_id == id)
    }
}

fn put_grant(registry: &mut Registry, client: &Application, resource: &Application, grant: &Grant) {
    if !grant.scopes.is_empty() {
        let scopes: Vec<&str> = grant.scopes.iter().map(String::as_str).collect();
        registry.put_grant(OAuth2PermissionGrant {
            id: String::new(),
            client_id: client.service_principal,
            consent_type: ConsentType::AllPrincipals,
            principal_id: None,
            resource_id: resource.service_principal,
            scope: scopes.join(" "),
        });
    }
    for role in &grant.roles {
        let principal = (PrincipalType::ServicePrincipal, client.service_principal);
        registry.put_assignment(assignment(principal, resource, role));
    }
}

fn assignment(
    (principal_type, principal_id): (PrincipalType, Uuid),
    resource: &Application,
    role: &str,
) -> AppRoleAssignment {
    AppRoleAssignment {
        created_date_time: None,
        app_role_id: role_id(resource.client_id, role),
        principal_id,
        principal_type,
        resource_id: resource.service_principal,
    }
}

fn scope_id(resource: Uuid, name: &str) -> Uuid {
    let own = (resource == GRAPH_ID).then(|| permission_ids::scope(name));
    own.flatten()
        .unwrap_or_else(|| derived_id(resource, &format!("scope {name}")))
}

fn role_id(resource: Uuid, name: &str) -> Uuid {
    let own = (resource == GRAPH_ID).then(|| permission_ids::role(name));
    own.flatten()
        .unwrap_or_else(|| derived_id(resource, &format!("role {name}")))
}

fn registration(application: &Application) -> Registration {
    let id = application.client_id;
    let mut object = ApplicationObject::new(application.object_id, id, None);
    object.display_name.clone_from(&application.key);
    object.identifier_uris = vec![application.identifier_uri.clone()];
    if application.multi_tenant {
        "AzureADMultipleOrgs".clone_into(&mut object.sign_in_audience);
    }
    object.api = api(application);
    object.app_roles = app_roles(application);
    object.required_resource_access = required_resource_access(application);
    object.optional_claims = OptionalClaims::of(
        &application.optional_id_token_claims,
        &application.optional_claims,
    );
    if application.group_membership_claims == GroupMembershipClaims::SecurityGroup {
        object.group_membership_claims = Some("SecurityGroup".to_owned());
    }
    describe_platforms(&mut object, application);
    let mut registration = Registration {
        tenant: application.tenant,
        application: object,
        is_managed_identity: application.managed_identity.is_some(),
        secrets: BTreeMap::new(),
        federated: Vec::new(),
    };
    describe_credentials(&mut registration, application);
    registration
}

fn required_resource_access(client: &Application) -> Vec<RequiredResourceAccess> {
    let required = client.requires.iter().flatten();
    required
        .map(|(resource, scopes)| {
            let ids = scopes.iter().map(|name| scope_id(*resource, name));
            RequiredResourceAccess::of_scopes(*resource, ids)
        })
        .collect()
}

fn describe_platforms(object: &mut ApplicationObject, application: &Application) {
    let uris = &application.redirect_uris;
    object.web.redirect_uris.clone_from(&uris.web);
    object
        .web
        .logout_url
        .clone_from(&application.front_channel_logout);
    object.spa = redirect_uris(&uris.spa);
    object.public_client = redirect_uris(&uris.public_client);
}

fn redirect_uris(uris: &[String]) -> RedirectUriList {
    RedirectUriList {
        redirect_uris: uris.to_vec(),
    }
}

fn api(application: &Application) -> Api {
    let id = application.client_id;
    let scope = |name: &String| {
        let consent = if application.admin_scopes.contains(name) {
            ConsentNeeded::Admin
        } else {
            ConsentNeeded::User
        };
        PermissionScope::new(scope_id(id, name), name.clone(), consent)
    };
    let pre_authorized = application.pre_authorized.iter();
    Api {
        requested_access_token_version: Some(match application.token_version {
            Version::V1 => 1,
            Version::V2 => 2,
        }),
        oauth2_permission_scopes: application.scopes.iter().map(scope).collect(),
        pre_authorized_applications: pre_authorized
            .map(|(client, scopes)| PreAuthorizedApplication {
                app_id: *client,
                delegated_permission_ids: scopes.iter().map(|name| scope_id(id, name)).collect(),
            })
            .collect(),
        known_client_applications: application.known_clients.iter().copied().collect(),
        ..Api::default()
    }
}

fn app_roles(application: &Application) -> Vec<AppRole> {
    let allowed = |member: &MemberType| match member {
        MemberType::Users => AllowedMemberType::User,
        MemberType::Applications => AllowedMemberType::Application,
    };
    let roles = application.app_roles.iter();
    roles
        .map(|(name, members)| AppRole {
            id: role_id(application.client_id, name),
            allowed_member_types: members.iter().map(allowed).collect(),
            description: Some(name.clone()),
            display_name: Some(name.clone()),
            is_enabled: true,
            origin: "Application".to_owned(),
            value: Some(name.clone()),
        })
        .collect()
}

fn describe_credentials(registration: &mut Registration, application: &Application) {
    let id = application.client_id;
    let object = &mut registration.application;
    match &application.client_type {
        ClientType::Public => object.is_fallback_public_client = Some(true),
        ClientType::Confidential(credentials) => {
            for (index, secret) in credentials.secrets.iter().enumerate() {
                let key_id = derived_id(id, &format!("secret {index}"));
                object.password_credentials.push(PasswordCredential {
                    end_date_time: secret.end().map(|end| end.to_string()),
                    ..PasswordCredential::new(key_id, secret.value())
                });
                registration.secrets.insert(key_id, secret.value().clone());
            }
            let federated = credentials.federated.iter();
            registration.federated = federated
                .map(|credential| FederatedIdentityCredential {
                    id: derived_id(id, &format!("federated {}", credential.name)),
                    name: credential.name.clone(),
                    issuer: credential.issuer.clone(),
                    subject: credential.subject.clone(),
                    description: None,
                    audiences: vec![credential.audience.clone()],
                })
                .collect();
        }
    }
}
