//! Tenants, users and applications, checked at the start and constant from then on.

mod check;
mod client_certificate;
mod document;
mod federated_credential;
mod resolve;
mod secret;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use portcullis_policy::{Place, YamlError};
use portcullis_runtime::InvalidSettings;
use uuid::Uuid;

use crate::authority::Version;

pub(crate) use client_certificate::{ClientCertificate, RsaAlgorithm};
pub(crate) use federated_credential::FederatedCredential;
pub(crate) use secret::Secret;

/// All tenants, users and applications.
#[derive(Debug)]
pub(crate) struct Directory {
    tenants: Vec<Tenant>,
    users: Vec<User>,
    applications: Vec<Application>,
    /// The folder of the directory file. Paths in the file are relative to it.
    folder: PathBuf,
}

/// An organization.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) id: Uuid,
    pub(crate) name: String,
}

/// A user in one tenant.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) tenant: Uuid,
    pub(crate) object_id: Uuid,
    pub(crate) name: String,
    pub(crate) username: String,
    pub(crate) password: Secret,
    /// The app roles of this user, by the application's client id.
    roles: BTreeMap<Uuid, BTreeSet<String>>,
    /// The authentication context that Conditional Access requires of this user, by the
    /// resource's client id.
    conditional_access: BTreeMap<Uuid, String>,
}

/// An application registration together with its service principal.
#[derive(Debug)]
pub(crate) struct Application {
    /// The name that the directory file and logs use.
    pub(crate) key: String,
    pub(crate) client_id: Uuid,
    pub(crate) service_principal: Uuid,
    pub(crate) identifier_uri: String,
    pub(crate) client_type: ClientType,
    /// The shape of tokens for this application as a resource (`accessTokenAcceptedVersion`).
    pub(crate) token_version: Version,
    /// Development extension: the v1 endpoint issues v1 tokens although `token_version` is 2.
    pub(crate) accepts_v1_endpoint: bool,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) puts_idtyp_in_tokens: bool,
    tenant: Uuid,
    multi_tenant: bool,
    grants: BTreeMap<Uuid, Grant>,
}

/// The client types of RFC 6749 §2.1.
#[derive(Debug)]
pub(crate) enum ClientType {
    Public,
    Confidential(ClientCredentials),
}

/// The credentials that an application may authenticate with.
#[derive(Debug)]
pub(crate) struct ClientCredentials {
    pub(crate) secrets: Vec<Secret>,
    pub(crate) certificates: Vec<ClientCertificate>,
    pub(crate) federated: Vec<FederatedCredential>,
}

/// The consent of an administrator to one client on one resource.
#[derive(Debug, Default)]
struct Grant {
    scopes: BTreeSet<String>,
    roles: BTreeSet<String>,
}

impl Directory {
    /// Reads and checks the file. The error names every contradiction.
    pub(crate) async fn load(file: &Path) -> anyhow::Result<Self> {
        let name = file.display().to_string();
        let text = tokio::fs::read_to_string(file).await.map_err(|error| {
            InvalidSettings(vec![format!(
                "--directory {name}: cannot be read: {error}; \
                 give a YAML file of tenants, users and applications"
            )])
        })?;
        Ok(Self::parse(&name, &text)?)
    }

    /// Parses and checks `text`. Errors call it `name`.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, InvalidSettings> {
        let document: document::Document = serde_saphyr::from_str(text)
            .map_err(|error| InvalidSettings(vec![unreadable(name, &error)]))?;
        let folder = Path::new(name).parent().unwrap_or(Path::new("")).to_owned();
        let found = check::contradictions(&document);
        if !found.is_empty() {
            let located = found.into_iter().map(|error| format!("{name}: {error}"));
            return Err(InvalidSettings(located.collect()));
        }
        Ok(resolve::resolve(document, folder))
    }

    /// The tenant that a URL's first segment names. Ignores case, because MSAL.js lower-cases
    /// authorities.
    pub(crate) fn tenant(&self, segment: &str) -> Option<&Tenant> {
        self.tenants
            .iter()
            .find(|tenant| tenant.id.to_string().eq_ignore_ascii_case(segment))
    }

    /// The client with this id, if it exists in the tenant.
    pub(crate) fn client(&self, tenant: &Tenant, client_id: &str) -> Option<&Application> {
        self.present(tenant).find(|application| {
            application
                .client_id
                .to_string()
                .eq_ignore_ascii_case(client_id)
        })
    }

    /// The resource with this identifier URI or client id, if it exists in the tenant.
    pub(crate) fn resource(&self, tenant: &Tenant, identifier: &str) -> Option<&Application> {
        self.present(tenant)
            .find(|application| application.is_identified_by(identifier))
    }

    /// The user with this username in any tenant.
    pub(crate) fn user_named(&self, username: &str) -> Option<&User> {
        // Usernames may have letters beyond ASCII, so ASCII case folding is not enough.
        let wanted = username.to_lowercase();
        self.users
            .iter()
            .find(|user| user.username.to_lowercase() == wanted)
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

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn tenants(&self) -> &[Tenant] {
        &self.tenants
    }

    pub(crate) fn applications(&self) -> &[Application] {
        &self.applications
    }

    fn present(&self, tenant: &Tenant) -> impl Iterator<Item = &Application> {
        self.applications
            .iter()
            .filter(|application| application.multi_tenant || application.tenant == tenant.id)
    }
}

/// The error of a file that does not parse, as `file:line:column: problem`.
fn unreadable(name: &str, error: &serde_saphyr::Error) -> String {
    match YamlError::from(error) {
        YamlError {
            place: Some(Place { line, column }),
            problem,
        } => format!("{name}:{line}:{column}: {problem}"),
        YamlError {
            place: None,
            problem,
        } => format!("{name}: {problem}"),
    }
}

impl User {
    /// The app roles of this user on `application`.
    pub(crate) fn roles_on(&self, application: &Application) -> impl Iterator<Item = &str> {
        self.roles
            .get(&application.client_id)
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// The authentication context that this user must have met for `resource`.
    pub(crate) fn context_required_for(&self, resource: &Application) -> Option<&str> {
        self.conditional_access
            .get(&resource.client_id)
            .map(String::as_str)
    }
}

impl Application {
    /// Whether `identifier` is this application's identifier URI or client id.
    pub(crate) fn is_identified_by(&self, identifier: &str) -> bool {
        self.identifier_uri.eq_ignore_ascii_case(identifier)
            || self.client_id.to_string().eq_ignore_ascii_case(identifier)
    }

    /// The delegated scopes of `resource` that this client has consent for.
    pub(crate) fn scopes_on(&self, resource: &Application) -> impl Iterator<Item = &str> {
        self.grants
            .get(&resource.client_id)
            .into_iter()
            .flat_map(|grant| &grant.scopes)
            .map(String::as_str)
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
