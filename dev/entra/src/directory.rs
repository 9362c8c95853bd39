//! Tenants, users, groups and applications, checked before they are put in force and constant from
//! then on. A change replaces the whole directory.

mod check;
mod client_certificate;
mod client_secret;
mod document;
mod federated_credential;
mod file;
mod graph;
mod redirect_uri;
mod registered;
mod resolve;
mod schema;
mod secret;
mod token_exchange;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use portcullis_policy::{Place, YamlError};
use portcullis_runtime::InvalidSettings;
use uuid::Uuid;

use crate::authority::Version;
use crate::graph::Registry;
use check::Contradiction;

pub(crate) use client_certificate::{ClientCertificate, RsaAlgorithm};
pub(crate) use client_secret::ClientSecret;
pub(crate) use document::{GroupMembershipClaims, MemberType, OptionalClaim};
pub(crate) use federated_credential::FederatedCredential;
pub(crate) use file::DirectoryFile;
pub(crate) use graph::{GRAPH_ID, GRAPH_URI, is_sign_in_scope};
pub(crate) use redirect_uri::{Platform, RedirectUris, problem_of};
pub(crate) use schema::schema;
pub(crate) use secret::Secret;
pub(crate) use token_exchange::TOKEN_EXCHANGE_ID;

/// All tenants, users, groups and applications.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    tenants: Vec<Tenant>,
    /// Members of tenants, and after them guests.
    users: Vec<User>,
    groups: Vec<Group>,
    applications: Vec<Application>,
    /// What an app of App Service must send to get the token of a managed identity.
    identity_header: Option<Secret>,
    /// The folder of the directory file. Paths in the file are relative to it.
    folder: PathBuf,
    /// The objects of Microsoft Graph, of which the applications and roles above are made.
    registry: Registry,
}

/// An organization.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    /// Its verified domains, which URLs may name it by.
    domains: Vec<String>,
}

/// A user in one tenant: a member, or a guest with another tenant as home.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) tenant: Uuid,
    pub(crate) object_id: Uuid,
    pub(crate) name: String,
    /// What the user signs in with. A guest has the username of the home tenant.
    pub(crate) username: String,
    /// The user principal name in this tenant. That of a guest has `#EXT#`.
    pub(crate) upn: String,
    pub(crate) email: String,
    pub(crate) password: Secret,
    /// Whether this user may consent to scopes that need an administrator.
    pub(crate) is_administrator: bool,
    /// The tenant that a guest comes from.
    pub(crate) home: Option<Uuid>,
    /// The ids of the groups that have this user as a member.
    pub(crate) groups: Vec<Uuid>,
    /// The app roles of this user and of the groups, by the application's client id.
    roles: BTreeMap<Uuid, BTreeSet<String>>,
    /// The applications, by client id, to which this user is assigned without a role.
    default_access: BTreeSet<Uuid>,
    /// The authentication context that Conditional Access requires of this user, by the
    /// resource's client id.
    conditional_access: BTreeMap<Uuid, String>,
}

/// A security group.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) id: Uuid,
    pub(crate) tenant: Uuid,
    pub(crate) name: String,
    /// The app roles of every member, by the application's client id.
    roles: BTreeMap<Uuid, BTreeSet<String>>,
}

/// An application registration together with its service principal.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a property of a registration"
)]
#[derive(Clone, Debug)]
pub(crate) struct Application {
    /// The name that the directory file and logs use.
    pub(crate) key: String,
    pub(crate) client_id: Uuid,
    /// The object id of the registration, which differs from both other ids.
    pub(crate) object_id: Uuid,
    pub(crate) service_principal: Uuid,
    pub(crate) identifier_uri: String,
    more_identifier_uris: Vec<String>,
    pub(crate) client_type: ClientType,
    /// The shape of tokens for this application as a resource (`accessTokenAcceptedVersion`).
    pub(crate) token_version: Version,
    /// Development extension: the v1 endpoint issues v1 tokens although `token_version` is 2.
    pub(crate) accepts_v1_endpoint: bool,
    pub(crate) scopes: BTreeSet<String>,
    /// Those of `scopes` that only an administrator may consent to.
    pub(crate) admin_scopes: BTreeSet<String>,
    pub(crate) redirect_uris: RedirectUris,
    /// Called in an iframe when the user signs out (OpenID Connect Front-Channel Logout 1.0).
    pub(crate) front_channel_logout: Option<String>,
    /// Whether only users with a role may sign in.
    pub(crate) assignment_required: bool,
    /// The app roles that it defines, with the kinds of members that each allows.
    app_roles: BTreeMap<String, BTreeSet<MemberType>>,
    /// Whether it has a service principal. Without one it can neither sign in nor get tokens.
    is_present: bool,
    /// Of access tokens for this application.
    pub(crate) optional_claims: BTreeSet<OptionalClaim>,
    /// Of ID tokens for this application.
    pub(crate) optional_id_token_claims: BTreeSet<OptionalClaim>,
    pub(crate) group_membership_claims: GroupMembershipClaims,
    /// The client id of the blueprint of an agent identity, which authenticates for it.
    pub(crate) blueprint: Option<Uuid>,
    /// What is special about the service principal of an Azure resource.
    pub(crate) managed_identity: Option<ManagedIdentity>,
    tenant: Uuid,
    multi_tenant: bool,
    grants: BTreeMap<Uuid, Grant>,
    /// The scopes of this application that need no consent, by client id.
    pre_authorized: BTreeMap<Uuid, BTreeSet<String>>,
    /// The scopes that this client asks for, by the resource's client id; `None` if any.
    requires: Option<BTreeMap<Uuid, BTreeSet<String>>>,
    /// The clients whose users consent to this application together with them.
    known_clients: BTreeSet<Uuid>,
}

/// The identity of an Azure resource.
#[derive(Clone, Debug)]
pub(crate) struct ManagedIdentity {
    pub(crate) resource_id: String,
    /// Whether requests that name no identity get this one.
    pub(crate) is_system_assigned: bool,
}

/// The client types of RFC 6749 §2.1.
#[derive(Clone, Debug)]
pub(crate) enum ClientType {
    Public,
    Confidential(ClientCredentials),
}

/// The credentials that an application may authenticate with.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientCredentials {
    pub(crate) secrets: Vec<ClientSecret>,
    pub(crate) certificates: Vec<ClientCertificate>,
    pub(crate) federated: Vec<FederatedCredential>,
}

/// The consent of an administrator to one client on one resource.
#[derive(Clone, Debug, Default)]
struct Grant {
    scopes: BTreeSet<String>,
    roles: BTreeSet<String>,
}

impl Directory {
    /// Parses and checks `text`. Errors call it `name`.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, InvalidSettings> {
        let document: document::Document = serde_saphyr::from_str(text)
            .map_err(|error| InvalidSettings(vec![unreadable(name, &error)]))?;
        let folder = Path::new(name).parent().unwrap_or(Path::new("")).to_owned();
        let found = check::contradictions(&document);
        if !found.is_empty() {
            let places = portcullis_policy::places(text);
            let located = found
                .into_iter()
                .map(|Contradiction { path, text }| located(name, places.nearest(&path), &text));
            return Err(InvalidSettings(located.collect()));
        }
        Ok(resolve::resolve(document, folder))
    }

    /// The tenant that a URL's first segment names, by id or domain. Ignores case, because MSAL.js
    /// lower-cases authorities.
    pub(crate) fn tenant(&self, segment: &str) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| tenant.is_named(segment))
    }

    /// The tenant with this id.
    pub(crate) fn tenant_by_id(&self, id: Uuid) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| tenant.id == id)
    }

    /// The application with this client id, in whatever tenant it is registered.
    pub(crate) fn application(&self, client_id: &str) -> Option<&Application> {
        self.applications
            .iter()
            .find(|application| application.is_present && application.has_client_id(client_id))
    }

    /// The client with this id, if it exists in the tenant.
    pub(crate) fn client(&self, tenant: &Tenant, client_id: &str) -> Option<&Application> {
        self.present(tenant)
            .find(|application| application.has_client_id(client_id))
    }

    /// The resource with this identifier URI or client id, if it exists in the tenant.
    pub(crate) fn resource(&self, tenant: &Tenant, identifier: &str) -> Option<&Application> {
        self.present(tenant)
            .find(|application| application.is_identified_by(identifier))
    }

    /// The resource of a request whose tenant is that of a user who has not signed in yet.
    pub(crate) fn shared_resource(&self, identifier: &str) -> Option<&Application> {
        self.applications
            .iter()
            .find(|application| application.is_present && application.is_identified_by(identifier))
    }

    /// The user with this username: a member or guest of `tenant`, or else the member of any
    /// tenant.
    pub(crate) fn user_named(&self, tenant: Option<&Tenant>, username: &str) -> Option<&User> {
        let mut named = self.users.iter().filter(|user| user.is_named(username));
        tenant
            .and_then(|tenant| named.clone().find(|user| user.tenant == tenant.id))
            .or_else(|| named.next())
    }

    /// Whether a user of any tenant has a username of this domain.
    pub(crate) fn has_domain(&self, domain: &str) -> bool {
        let of = |user: &User| {
            user.username
                .rsplit_once('@')
                .map(|(_, domain)| domain.to_lowercase())
        };
        self.users
            .iter()
            .any(|user| of(user).as_deref() == Some(&domain.to_lowercase()))
    }

    /// The tenant of a user.
    pub(crate) fn tenant_of(&self, user: &User) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| tenant.id == user.tenant)
    }

    /// The user with this object id in the tenant.
    pub(crate) fn user(&self, tenant: &Tenant, object_id: Uuid) -> Option<&User> {
        self.users
            .iter()
            .find(|user| user.tenant == tenant.id && user.object_id == object_id)
    }

    pub(crate) fn users(&self) -> &[User] {
        &self.users
    }

    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn tenants(&self) -> &[Tenant] {
        &self.tenants
    }

    /// The objects of Microsoft Graph.
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) fn applications(&self) -> &[Application] {
        &self.applications
    }

    /// The service principals of Azure resources.
    pub(crate) fn managed_identities(
        &self,
    ) -> impl Iterator<Item = (&Application, &ManagedIdentity)> {
        self.applications
            .iter()
            .filter_map(|application| Some((application, application.managed_identity.as_ref()?)))
    }

    /// Whether `given` is the `X-IDENTITY-HEADER` of the file.
    pub(crate) fn has_identity_header(&self, given: &str) -> bool {
        self.identity_header
            .as_ref()
            .is_some_and(|header| header.matches(given))
    }

    fn present(&self, tenant: &Tenant) -> impl Iterator<Item = &Application> {
        self.applications
            .iter()
            .filter(|application| application.is_in(tenant))
    }
}

impl Tenant {
    fn is_named(&self, segment: &str) -> bool {
        self.id.to_string().eq_ignore_ascii_case(segment)
            || self
                .domains
                .iter()
                .any(|domain| domain.eq_ignore_ascii_case(segment))
    }
}

/// The error of a file that does not parse.
fn unreadable(name: &str, error: &serde_saphyr::Error) -> String {
    let YamlError { place, problem } = YamlError::from(error);
    located(name, place, &problem)
}

/// An error as `file:line:column: problem`.
fn located(name: &str, place: Option<Place>, problem: &str) -> String {
    match place {
        Some(Place { line, column }) => format!("{name}:{line}:{column}: {problem}"),
        None => format!("{name}: {problem}"),
    }
}

impl User {
    /// Whether `username` is this user's. Usernames may have letters beyond ASCII.
    pub(crate) fn is_named(&self, username: &str) -> bool {
        self.username.to_lowercase() == username.to_lowercase()
    }

    pub(crate) fn is_guest(&self) -> bool {
        self.home.is_some()
    }

    /// The app roles of this user on `application`, those of groups included.
    pub(crate) fn roles_on(&self, application: &Application) -> impl Iterator<Item = &str> {
        self.roles
            .get(&application.client_id)
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// Whether this user may sign in to an `application` that requires an assignment.
    pub(crate) fn is_assigned_to(&self, application: &Application) -> bool {
        self.roles_on(application).next().is_some()
            || self.default_access.contains(&application.client_id)
    }

    /// The authentication context that this user must have met for `resource`.
    pub(crate) fn context_required_for(&self, resource: &Application) -> Option<&str> {
        self.conditional_access
            .get(&resource.client_id)
            .map(String::as_str)
    }
}

impl Application {
    /// The tenant that the application is registered in.
    pub(crate) fn home(&self) -> Uuid {
        self.tenant
    }

    /// Whether a service principal of it is in `tenant`.
    pub(crate) fn is_in(&self, tenant: &Tenant) -> bool {
        self.is_present && (self.multi_tenant || self.tenant == tenant.id)
    }

    /// Whether users of other tenants may sign in.
    pub(crate) fn is_multi_tenant(&self) -> bool {
        self.multi_tenant
    }

    /// The platform of grants without a redirect URI.
    pub(crate) fn platform_without_redirect(&self) -> Platform {
        match self.client_type {
            ClientType::Public => Platform::PublicClient,
            ClientType::Confidential(_) => Platform::Web,
        }
    }

    fn has_client_id(&self, client_id: &str) -> bool {
        self.client_id.to_string().eq_ignore_ascii_case(client_id)
    }
    /// Whether `identifier` is this application's identifier URI or client id.
    pub(crate) fn is_identified_by(&self, identifier: &str) -> bool {
        self.identifier_uri.eq_ignore_ascii_case(identifier)
            || self.has_client_id(identifier)
            || self
                .more_identifier_uris
                .iter()
                .any(|uri| uri.eq_ignore_ascii_case(identifier))
    }

    /// The delegated scopes of `resource` that this client has without a user's consent: those that
    /// an administrator consented to, and those that `resource` pre-authorizes.
    pub(crate) fn scopes_on<'a>(
        &'a self,
        resource: &'a Application,
    ) -> impl Iterator<Item = &'a str> {
        let granted = self
            .grants
            .get(&resource.client_id)
            .into_iter()
            .flat_map(|grant| &grant.scopes);
        let pre_authorized = resource
            .pre_authorized
            .get(&self.client_id)
            .into_iter()
            .flatten();
        granted.chain(pre_authorized).map(String::as_str)
    }

    /// Whether the registration of this client lists `resource`. One without a list may ask every
    /// resource.
    pub(crate) fn may_ask(&self, resource: &Application) -> bool {
        self.requires
            .as_ref()
            .is_none_or(|requires| requires.contains_key(&resource.client_id))
    }

    /// The scopes of `resource` that the registration of this client lists.
    pub(crate) fn required_on(&self, resource: &Application) -> impl Iterator<Item = &str> {
        self.requires
            .iter()
            .filter_map(|requires| requires.get(&resource.client_id))
            .flatten()
            .map(String::as_str)
    }

    /// The client ids of the resources that the registration of this client lists.
    pub(crate) fn required_resources(&self) -> impl Iterator<Item = Uuid> {
        self.requires
            .iter()
            .flat_map(|requires| requires.keys().copied())
    }

    /// Whether users of `client` consent to this application together with it.
    pub(crate) fn is_consented_with(&self, client: &Application) -> bool {
        self.known_clients.contains(&client.client_id)
    }

    /// The application roles of `resource` that this client's service principal holds.
    pub(crate) fn roles_on(&self, resource: &Application) -> impl Iterator<Item = &str> {
        self.grants
            .get(&resource.client_id)
            .into_iter()
            .flat_map(|grant| &grant.roles)
            .map(String::as_str)
    }
}
