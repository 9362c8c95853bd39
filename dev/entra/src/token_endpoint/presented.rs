//! What a token request presents: nothing that dev-entra handed out, or a code or refresh token.

use http::{HeaderMap, header};

use super::GrantType;
use crate::clock::now;
use crate::directory::{ClientType, Platform, Tenant};
use crate::entra::Entra;
use crate::memory::{AuthorizationCode, Device, DeviceState, RefreshToken, UserGrant};
use crate::oauth_error::OAuthError;
use crate::parameters::Parameters;
use crate::realm::Realm;

/// The grant with its code or token, which is looked up, checked against the origin of the request
/// and not yet redeemed.
pub(super) enum Presented {
    Password,
    ClientCredentials,
    OnBehalfOf,
    /// A code, and its handle.
    Code(AuthorizationCode, String),
    RefreshToken(RefreshToken),
    /// What the user of a device granted, and the handle of the device code.
    DeviceCode(UserGrant, String),
}

impl Presented {
    pub(super) fn find(
        entra: &Entra,
        grant: GrantType,
        headers: &HeaderMap,
        parameters: &Parameters,
    ) -> Result<Self, OAuthError> {
        let presented = match grant {
            GrantType::Password => Self::Password,
            GrantType::ClientCredentials => Self::ClientCredentials,
            GrantType::OnBehalfOf => Self::OnBehalfOf,
            GrantType::AuthorizationCode => code(entra, parameters)?,
            GrantType::RefreshToken => refresh_token(entra, parameters)?,
            GrantType::DeviceCode => device_code(entra, parameters)?,
        };
        presented.check_origin(headers)?;
        Ok(presented)
    }

    /// The grant of a user that was given before.
    pub(super) fn user_grant(&self) -> Option<&UserGrant> {
        match self {
            Self::Code(code, _) => Some(&code.grant),
            Self::RefreshToken(token) => Some(&token.grant),
            Self::DeviceCode(grant, _) => Some(grant),
            Self::Password | Self::ClientCredentials | Self::OnBehalfOf => None,
        }
    }

    /// Whether a single-page application presents it.
    pub(super) fn is_of_spa(&self) -> bool {
        self.user_grant()
            .is_some_and(|grant| grant.platform == Platform::Spa)
    }

    /// Whether a client without credentials may present it. The platform of the redirect URI
    /// decides, as in Entra: an application can have several.
    pub(super) fn needs_no_credentials(&self, client: &ClientType) -> bool {
        let is_public = matches!(client, ClientType::Public);
        match self {
            Self::Code(..) | Self::RefreshToken(_) => {
                is_public
                    || self
                        .user_grant()
                        .is_some_and(|grant| grant.platform != Platform::Web)
            }
            Self::DeviceCode(..) | Self::Password => is_public,
            Self::ClientCredentials | Self::OnBehalfOf => false,
        }
    }

    /// The tenant that issues the tokens.
    pub(super) fn tenant<'a>(
        &self,
        entra: &'a Entra,
        realm: Realm<'a>,
        parameters: &Parameters,
    ) -> Result<&'a Tenant, OAuthError> {
        let directory = &entra.directory;
        let Some(grant) = self.user_grant() else {
            return match self {
                Self::Password => {
                    realm.tenant_of_username(directory, parameters.required("username")?)
                }
                _ => realm.only_tenant(),
            };
        };
        let tenant = directory
            .tenant_by_id(grant.tenant)
            .ok_or(OAuthError::InvalidGrant("its tenant is gone"))?;
        match realm {
            Realm::Tenant(other) if other.id != tenant.id => Err(OAuthError::InvalidGrant(
                "it was issued in another tenant than that of this endpoint",
            )),
            Realm::Consumers => Err(OAuthError::NotOnCommon),
            _ => Ok(tenant),
        }
    }

    /// Only single-page applications redeem across origins, and they do nothing else. Otherwise a
    /// page of another origin could use a code that leaked.
    fn check_origin(&self, headers: &HeaderMap) -> Result<(), OAuthError> {
        let origin = headers.get(header::ORIGIN);
        let is_spa = self.is_of_spa();
        match (self, origin) {
            (Self::Code(..) | Self::RefreshToken(_), None) if is_spa => {
                Err(OAuthError::NotCrossOrigin)
            }
            (Self::Code(..) | Self::RefreshToken(_), Some(origin)) if !is_spa => {
                let origin = String::from_utf8_lossy(origin.as_bytes());
                Err(OAuthError::CrossOrigin(origin.into_owned()))
            }
            (Self::Code(code, _), Some(_)) if code.challenge.is_none() => {
                Err(OAuthError::CrossOriginWithoutChallenge)
            }
            _ => Ok(()),
        }
    }
}

fn code(entra: &Entra, parameters: &Parameters) -> Result<Presented, OAuthError> {
    let handle = parameters.required("code")?;
    let code = entra
        .memory
        .codes
        .get(handle, now())
        .ok_or(OAuthError::InvalidGrant("the code is unknown"))?;
    if code.is_redeemed {
        return Err(OAuthError::RedeemedCode);
    }
    if now() >= code.ends {
        return Err(OAuthError::ExpiredGrant);
    }
    if parameters.optional("redirect_uri") != Some(&code.redirect_uri) {
        return Err(OAuthError::RedirectUriOfAnotherCode);
    }
    let verifier = parameters.optional("code_verifier");
    let is_met = match (&code.challenge, verifier) {
        (Some(challenge), Some(verifier)) => challenge.is_met_by(verifier),
        (None, None) => true,
        // A verifier without a challenge: an attacker may have removed the challenge (RFC 9700 §2.1.1).
        _ => false,
    };
    if !is_met {
        return Err(OAuthError::CodeVerifier);
    }
    Ok(Presented::Code(code, handle.to_owned()))
}

fn refresh_token(entra: &Entra, parameters: &Parameters) -> Result<Presented, OAuthError> {
    let token = entra
        .memory
        .refresh_tokens
        .get(parameters.required("refresh_token")?, now())
        .ok_or(OAuthError::InvalidGrant("the refresh token is unknown"))?;
    if now() < token.ends {
        return Ok(Presented::RefreshToken(token));
    }
    Err(match token.grant.platform {
        Platform::Spa => OAuthError::ExpiredSpaRefreshToken,
        Platform::Web | Platform::PublicClient => OAuthError::ExpiredGrant,
    })
}

fn device_code(entra: &Entra, parameters: &Parameters) -> Result<Presented, OAuthError> {
    let handle = parameters.required("device_code")?;
    let Device { state, ends, .. } = entra
        .memory
        .devices
        .get(handle, now())
        .ok_or(OAuthError::UnknownDeviceCode)?;
    match state {
        _ if now() >= ends => Err(OAuthError::ExpiredDeviceCode),
        DeviceState::Pending => Err(OAuthError::AuthorizationPending),
        DeviceState::Declined => Err(OAuthError::AuthorizationDeclined),
        DeviceState::Granted(grant) => Ok(Presented::DeviceCode(grant, handle.to_owned())),
    }
}
