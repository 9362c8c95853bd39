//! The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1), parsed and checked.

use super::code_challenge::CodeChallenge;
use super::redirect::{Destination, Reply, ResponseMode};
use crate::authentication_context;
use crate::authority::Version;
use crate::directory::{Application, Directory, Platform};
use crate::memory::Device;
use crate::oauth_error::OAuthError;
use crate::parameters::Parameters;
use crate::realm::Realm;
use crate::scope::RequestedScopes;

/// A request that a client sent through the browser.
#[derive(Debug)]
pub(crate) struct AuthorizationRequest<'a> {
    pub(crate) realm: Realm<'a>,
    pub(crate) client: &'a Application,
    pub(crate) resource: &'a Application,
    pub(crate) platform: Platform,
    /// The scopes in the spelling of the request.
    pub(crate) scope: String,
    pub(crate) destination: Destination,
    /// The redirect URI as the client sent it, which it repeats when it redeems the code.
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<CodeChallenge>,
    pub(crate) nonce: Option<String>,
    pub(crate) prompt: Prompt,
    /// The username, or the `login_hint` claim of an ID token, which is a session here.
    pub(crate) login_hint: Option<String>,
    /// The `sid` of the account, which MSAL.js sends for a silent request.
    pub(crate) session: Option<String>,
    /// The authentication contexts that the request demands.
    pub(crate) contexts: Vec<String>,
    pub(crate) wants_client_info: bool,
}

/// How much the user may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// Only the missing steps.
    Missing,
    /// Nothing: the request fails if something is missing.
    None,
    Login,
    Consent,
    SelectAccount,
}

/// Why a request goes no further.
#[derive(Debug)]
pub(crate) enum Denied {
    /// On a page, because the redirect URI is not the client's (RFC 6749 §4.1.2.1).
    OnPage(OAuthError),
    /// At the client's redirect URI.
    ToClient(Box<Destination>, OAuthError),
}

impl<'a> AuthorizationRequest<'a> {
    pub(crate) fn parse(
        directory: &'a Directory,
        version: Version,
        segment: &str,
        parameters: &Parameters,
    ) -> Result<Self, Denied> {
        let realm = Realm::parse(directory, segment).map_err(Denied::OnPage)?;
        let client = client(directory, realm, parameters).map_err(Denied::OnPage)?;
        let (redirect_uri, platform) = redirect_uri(client, parameters).map_err(Denied::OnPage)?;
        let mode = ResponseMode::parse(parameters).map_err(Denied::OnPage)?;
        let state = parameters.optional("state").map(str::to_owned);
        let reply = Reply::new(&redirect_uri, mode, state)
            .ok_or_else(|| Denied::OnPage(OAuthError::RedirectUri(redirect_uri.clone())))?;
        let denied = |error| Denied::ToClient(Box::new(Destination::Client(reply.clone())), error);
        let scope = scope(version, parameters).map_err(denied)?;
        let resource = resource(directory, realm, &scope).map_err(denied)?;
        let optional = |name: &str| parameters.optional(name).map(str::to_owned);
        only_code(parameters).map_err(denied)?;
        Ok(Self {
            realm,
            client,
            resource,
            platform,
            challenge: CodeChallenge::parse(parameters).map_err(denied)?,
            prompt: Prompt::parse(parameters).map_err(denied)?,
            contexts: authentication_context::requested(parameters).map_err(denied)?,
            nonce: optional("nonce"),
            login_hint: optional("login_hint"),
            session: optional("sid"),
            wants_client_info: parameters.optional("client_info") == Some("1"),
            scope,
            redirect_uri,
            destination: Destination::Client(reply),
        })
    }
}

impl<'a> AuthorizationRequest<'a> {
    /// The request of a device, whose user has entered its code.
    pub(super) fn of_device(
        directory: &'a Directory,
        handle: &str,
        device: &Device,
    ) -> Result<Self, OAuthError> {
        let realm = Realm::parse(directory, &device.segment)?;
        let client = directory
            .application(&device.client.to_string())
            .ok_or(OAuthError::UnknownDeviceCode)?;
        Ok(Self {
            realm,
            client,
            resource: resource(directory, realm, &device.scope)?,
            platform: Platform::PublicClient,
            scope: device.scope.clone(),
            destination: Destination::Device(handle.to_owned()),
            redirect_uri: String::new(),
            challenge: None,
            nonce: None,
            // The user confirms the account, because the code may be an attacker's (RFC 8628 §5.4).
            prompt: Prompt::SelectAccount,
            login_hint: None,
            session: None,
            contexts: Vec::new(),
            wants_client_info: false,
        })
    }
}

impl Prompt {
    fn parse(parameters: &Parameters) -> Result<Self, OAuthError> {
        match parameters.optional("prompt") {
            None => Ok(Self::Missing),
            Some("none") => Ok(Self::None),
            Some("login") => Ok(Self::Login),
            Some("consent" | "admin_consent") => Ok(Self::Consent),
            Some("select_account") => Ok(Self::SelectAccount),
            Some(_) => Err(OAuthError::UnknownPrompt),
        }
    }
}

/// The client. With a shared name in the path, any tenant's: a user's tenant is not known yet.
pub(super) fn client<'a>(
    directory: &'a Directory,
    realm: Realm<'a>,
    parameters: &Parameters,
) -> Result<&'a Application, OAuthError> {
    let id = parameters.required("client_id")?;
    let unknown = |tenant: &str| OAuthError::UnknownClient {
        client: id.to_owned(),
        tenant: tenant.to_owned(),
    };
    match realm {
        Realm::Tenant(tenant) => directory
            .client(tenant, id)
            .ok_or_else(|| unknown(&tenant.name)),
        Realm::Consumers => Err(OAuthError::NotForConsumers),
        Realm::Organizations | Realm::Common => {
            let client = directory
                .application(id)
                .ok_or_else(|| unknown("organizations"))?;
            if client.is_multi_tenant() {
                Ok(client)
            } else {
                Err(OAuthError::SingleTenant(client.client_id))
            }
        }
    }
}

fn redirect_uri(
    client: &Application,
    parameters: &Parameters,
) -> Result<(String, Platform), OAuthError> {
    let given = match parameters.optional("redirect_uri") {
        Some(given) => given,
        None => client
            .redirect_uris
            .first()
            .ok_or(OAuthError::NoRedirectUri)?,
    };
    let platform = client
        .redirect_uris
        .platform_of(given)
        .ok_or_else(|| OAuthError::RedirectUri(given.to_owned()))?;
    Ok((given.to_owned(), platform))
}

/// The scopes in the form of v2. The v1 endpoint has a resource instead.
fn scope(version: Version, parameters: &Parameters) -> Result<String, OAuthError> {
    match version {
        Version::V2 => parameters.required("scope").map(str::to_owned),
        Version::V1 => Ok(match parameters.optional("resource") {
            Some(resource) => format!("openid profile offline_access {resource}/.default"),
            None => "openid profile offline_access".to_owned(),
        }),
    }
}

pub(super) fn resource<'a>(
    directory: &'a Directory,
    realm: Realm<'a>,
    scope: &str,
) -> Result<&'a Application, OAuthError> {
    let requested = RequestedScopes::parse(scope)?;
    let (found, tenant) = match realm {
        Realm::Tenant(tenant) => (
            directory.resource(tenant, requested.resource),
            tenant.name.as_str(),
        ),
        Realm::Organizations | Realm::Common | Realm::Consumers => (
            directory.shared_resource(requested.resource),
            "organizations",
        ),
    };
    found.ok_or_else(|| OAuthError::UnknownResource {
        resource: requested.resource.to_owned(),
        tenant: tenant.to_owned(),
    })
}

/// Only the code flow. Entra has the implicit and the hybrid flow switched off for new
/// registrations.
fn only_code(parameters: &Parameters) -> Result<(), OAuthError> {
    match parameters.required("response_type")? {
        "code" => Ok(()),
        other => Err(OAuthError::ResponseType(other.to_owned())),
    }
}
