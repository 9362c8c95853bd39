//! The objects of Microsoft Graph for the entries of the directory file.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::authority::Version;
use crate::directory::{Application, ClientType, Directory, GRAPH_ID, Grant, MemberType};
use crate::graph::{
    AllowedMemberType, Api, AppRole, AppRoleAssignment, ApplicationObject, ConsentNeeded,
    ConsentType, FederatedIdentityCredential, OAuth2PermissionGrant, PasswordCredential,
    PermissionScope, PreAuthorizedApplication, PrincipalType, RedirectUriList, Registration,
    Registry, ServicePrincipalObject, derived_id, permission_ids,
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
            for (resource, roles) in &user.roles {
                let Some(resource) = self.with_client_id(*resource) else {
                    continue;
                };
                for role in roles {
                    let user = (PrincipalType::User, user.object_id);
                    registry.put_assignment(assignment(user, resource, role));
                }
            }
        }
        self.registry = registry.unchanged();
        self
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
    object
        .web
        .redirect_uris
        .clone_from(&application.redirect_uris.web);
    object
        .web
        .logout_url
        .clone_from(&application.front_channel_logout);
    object.spa = redirect_uris(&application.redirect_uris.spa);
    object.public_client = redirect_uris(&application.redirect_uris.public_client);
    if application.puts_idtyp_in_tokens {
        object.add_access_token_claim("idtyp");
    }
    let mut registration = Registration {
        tenant: application.tenant,
        application: object,
        secrets: BTreeMap::new(),
        federated: Vec::new(),
    };
    describe_credentials(&mut registration, application);
    registration
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
                let shown = PasswordCredential::new(key_id, secret);
                object.password_credentials.push(shown);
                registration.secrets.insert(key_id, secret.clone());
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
