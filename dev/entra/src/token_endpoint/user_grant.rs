//! The grants in which a user's earlier consent counts: code, refresh token and device code.

use super::presented::Presented;
use super::{Granted, TokenRequest};
use crate::access_token::Subject;
use crate::authentication_context;
use crate::authority::Version;
use crate::clock::now;
use crate::directory::{Platform, User};
use crate::entra::Entra;
use crate::memory::UserGrant;
use crate::oauth_error::OAuthError;
use crate::scope::RequestedScopes;

/// The life of refresh tokens of single-page applications, in seconds.
const SPA_REFRESH_LIVES: i64 = 24 * 3600;
/// The life of other refresh tokens, in seconds.
const REFRESH_LIVES: i64 = 90 * 24 * 3600;

pub(super) fn authorize<'a>(
    entra: &'a Entra,
    request: &TokenRequest<'a>,
    presented: &Presented,
) -> Result<Granted<'a>, OAuthError> {
    let grant = presented
        .user_grant()
        .filter(|grant| grant.client == request.client.client_id)
        .ok_or(OAuthError::InvalidGrant("it was issued to another client"))?;
    let user = entra
        .directory
        .user(request.tenant, grant.user)
        .ok_or_else(|| OAuthError::UserNotInTenant(request.tenant.name.clone()))?;
    redeem(entra, presented)?;
    let scope = request.scope().unwrap_or_else(|| grant.scope.clone());
    let mut granted = request.delegated(entra, user, scope, grant.contexts.clone())?;
    granted.nonce.clone_from(&grant.nonce);
    granted.session.clone_from(&grant.session);
    if let Some((next, ends)) = &mut granted.refresh {
        *next = UserGrant {
            scope: next.scope.clone(),
            // A nonce is for one ID token (OpenID Connect Core §12.2).
            nonce: None,
            ..grant.clone()
        };
        *ends = match presented {
            Presented::RefreshToken(token) if grant.platform == Platform::Spa => token.ends,
            _ => now() + refresh_life(grant.platform),
        };
    }
    Ok(granted)
}

/// Uses up a code. Of two requests at once, one succeeds.
fn redeem(entra: &Entra, presented: &Presented) -> Result<(), OAuthError> {
    match presented {
        Presented::Code(_, handle) => entra
            .memory
            .codes
            .change(handle, now(), |code| {
                let was_redeemed = code.is_redeemed;
                code.is_redeemed = true;
                !was_redeemed
            })
            .filter(|is_first| *is_first)
            .map(|_| ())
            .ok_or(OAuthError::RedeemedCode),
        Presented::DeviceCode(_, handle) => {
            entra.memory.devices.remove(handle);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn refresh_life(platform: Platform) -> i64 {
    match platform {
        Platform::Spa => SPA_REFRESH_LIVES,
        Platform::Web | Platform::PublicClient => REFRESH_LIVES,
    }
}

impl<'a> TokenRequest<'a> {
    /// The requested scopes in the form of v2, if the request has any. The v1 endpoint has a
    /// resource instead.
    pub(super) fn scope(&self) -> Option<String> {
        match self.endpoint {
            Version::V2 => self.parameters.optional("scope").map(str::to_owned),
            Version::V1 => self
                .parameters
                .optional("resource")
                .map(|resource| format!("openid {resource}/.default")),
        }
    }

    pub(super) fn required_scope(&self) -> Result<String, OAuthError> {
        let name = match self.endpoint {
            Version::V1 => "resource",
            Version::V2 => "scope",
        };
        self.scope().ok_or(OAuthError::MissingParameter(name))
    }

    /// A user's token with all consented scopes of the resource that `scope` names.
    pub(super) fn delegated(
        &self,
        entra: &'a Entra,
        user: &'a User,
        scope: String,
        contexts: Vec<String>,
    ) -> Result<Granted<'a>, OAuthError> {
        let requested = RequestedScopes::parse(&scope)?;
        let resource = self.resource(entra, requested.resource)?;
        let by_user = entra.memory.consented_by(user, self.client, resource);
        let scopes = requested.names.consented(self.client, resource, &by_user)?;
        authentication_context::check(user, resource, &contexts)?;
        let wants_refresh_token = requested.wants_refresh_token();
        let refresh = wants_refresh_token.then(|| {
            let grant = UserGrant {
                tenant: user.tenant,
                user: user.object_id,
                client: self.client.client_id,
                scope: scope.clone(),
                contexts: contexts.clone(),
                session: None,
                nonce: None,
                platform: self.client.platform_without_redirect(),
            };
            (grant, now() + REFRESH_LIVES)
        });
        Ok(Granted {
            authorization: self.authorization(
                resource,
                Subject::User {
                    user,
                    scopes,
                    contexts,
                },
            ),
            scope: Some(scope),
            refresh,
            nonce: None,
            session: None,
        })
    }
}
