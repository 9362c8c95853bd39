use crate::authority::Version;
use crate::oauth_error::OAuthError;

/// The imitated grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GrantType {
    AuthorizationCode,
    RefreshToken,
    DeviceCode,
    Password,
    ClientCredentials,
    OnBehalfOf,
}

impl GrantType {
    pub(super) fn parse(endpoint: Version, text: &str) -> Result<Self, OAuthError> {
        match (text, endpoint) {
            ("authorization_code", _) => Ok(Self::AuthorizationCode),
            ("refresh_token", _) => Ok(Self::RefreshToken),
            // MSAL for Python and Go use RFC 8628's name, MSAL.js and MSAL for Java the short one.
            ("device_code" | "urn:ietf:params:oauth:grant-type:device_code", _) => {
                Ok(Self::DeviceCode)
            }
            ("password", _) => Ok(Self::Password),
            ("client_credentials", _) => Ok(Self::ClientCredentials),
            ("urn:ietf:params:oauth:grant-type:jwt-bearer", Version::V2) => Ok(Self::OnBehalfOf),
            _ => Err(OAuthError::UnsupportedGrant(text.to_owned())),
        }
    }
}
