use super::GrantType;
use super::parameters::Parameters;
use crate::directory::Tenant;
use crate::oauth_error::OAuthError;
use crate::router::Entra;

/// The meaning of the first path segment.
pub(super) enum Realm<'a> {
    Tenant(&'a Tenant),
    /// The tenant of the user.
    Organizations,
}

impl<'a> Realm<'a> {
    pub(super) fn parse(entra: &'a Entra, segment: &str) -> Result<Self, OAuthError> {
        let is = |shared: &str| segment.eq_ignore_ascii_case(shared);
        if is("common") || is("consumers") {
            return Err(OAuthError::NotOnCommon);
        }
        if is("organizations") {
            return Ok(Self::Organizations);
        }
        let tenant = entra.directory.tenant(segment);
        tenant
            .map(Self::Tenant)
            .ok_or_else(|| OAuthError::UnknownTenant(segment.to_owned()))
    }

    /// The tenant that issues the token. Without one in the path, it is the tenant of the username.
    pub(super) fn tenant(
        self,
        entra: &'a Entra,
        grant: GrantType,
        form: &Parameters,
    ) -> Result<&'a Tenant, OAuthError> {
        match (self, grant) {
            (Self::Tenant(tenant), _) => Ok(tenant),
            (Self::Organizations, GrantType::Password) => {
                let user = entra.directory.user_named(form.required("username")?);
                user.and_then(|user| entra.directory.tenant_of(user))
                    .ok_or(OAuthError::InvalidCredentials)
            }
            (Self::Organizations, _) => Err(OAuthError::NotOnOrganizations),
        }
    }
}
