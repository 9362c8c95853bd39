//! What a user has to allow before a client gets a code.

use super::authorization_request::{AuthorizationRequest, Prompt};
use super::next_step::Progress;
use crate::directory::{Application, Directory, User};
use crate::memory::Memory;
use crate::oauth_error::OAuthError;
use crate::scope::{RequestedScopes, ScopeNames, granted};

/// Scopes of a resource for one client.
#[derive(Debug)]
pub(super) struct Permissions<'a> {
    pub(super) client: &'a Application,
    pub(super) resource: &'a Application,
    pub(super) scopes: Vec<String>,
}

/// The consents of a user.
pub(super) struct Consents<'a, 'm> {
    pub(super) directory: &'a Directory,
    pub(super) memory: &'m Memory,
    pub(super) user: &'a User,
}

impl<'a> Consents<'a, '_> {
    /// What the user is asked to allow; nothing if the client can have its code.
    pub(super) fn wanted(
        &self,
        request: &AuthorizationRequest<'a>,
        progress: &Progress,
    ) -> Result<Vec<Permissions<'a>>, OAuthError> {
        let AuthorizationRequest {
            client, resource, ..
        } = *request;
        let requested = RequestedScopes::parse(&request.scope)?;
        let by_user = self.memory.consented_by(self.user, client, resource);
        let names = &requested.names;
        let mut scopes = names.without_consent(client, resource, &by_user)?;
        let is_asked_again = request.prompt == Prompt::Consent && !progress.has_consented;
        if scopes.is_empty() {
            // `.default` of a client without any consent fails here.
            let consented = names.consented(client, resource, &by_user)?;
            if is_asked_again {
                scopes = consented;
            }
        }
        let mut wanted = Vec::new();
        wanted.extend(permissions(client, resource, scopes));
        if requested.names == ScopeNames::Default && resource.is_consented_with(client) {
            wanted.extend(self.of_middle_tier(resource));
        }
        let is_for_administrators = |wanted: &&Permissions<'_>| wanted.has_admin_scope();
        match wanted.iter().find(is_for_administrators) {
            Some(wanted) if !self.user.is_administrator => Err(OAuthError::AdminConsent {
                client: wanted.client.client_id,
                resource: wanted.resource.identifier_uri.clone(),
            }),
            _ => Ok(wanted),
        }
    }

    /// What an API that knows its client still needs of other APIs (`knownClientApplications`): it
    /// cannot ask the user itself.
    fn of_middle_tier(&self, middle: &'a Application) -> impl Iterator<Item = Permissions<'a>> {
        middle
            .required_resources()
            .filter_map(|id| self.directory.application(&id.to_string()))
            .filter_map(move |resource| {
                let by_user = self.memory.consented_by(self.user, middle, resource);
                let granted = granted(middle, resource, &by_user);
                let missing = middle
                    .required_on(resource)
                    .filter(|scope| !granted.contains(scope));
                permissions(middle, resource, missing.collect())
            })
    }
}

fn permissions<'a>(
    client: &'a Application,
    resource: &'a Application,
    scopes: Vec<&str>,
) -> Option<Permissions<'a>> {
    (!scopes.is_empty()).then(|| Permissions {
        client,
        resource,
        scopes: scopes.into_iter().map(str::to_owned).collect(),
    })
}

impl Permissions<'_> {
    /// The error of a request that may not ask the user.
    pub(super) fn missing(&self) -> OAuthError {
        OAuthError::NoConsent {
            client: self.client.client_id,
            resource: self.resource.identifier_uri.clone(),
        }
    }

    fn has_admin_scope(&self) -> bool {
        let mut scopes = self.scopes.iter();
        scopes.any(|scope| self.resource.admin_scopes.contains(scope))
    }
}
