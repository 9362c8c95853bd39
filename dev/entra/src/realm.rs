//! The first segment of a path: a tenant, or one of the names that several tenants share.

use crate::directory::{Directory, Tenant, User};
use crate::oauth_error::OAuthError;

/// Whose users a request is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Realm<'a> {
    Tenant(&'a Tenant),
    /// The tenant of the user.
    Organizations,
    /// The tenant of the user, or a personal Microsoft account, which no directory here has.
    Common,
    /// Personal Microsoft accounts only.
    Consumers,
}

impl<'a> Realm<'a> {
    pub(crate) fn parse(directory: &'a Directory, segment: &str) -> Result<Self, OAuthError> {
        let is = |shared: &str| segment.eq_ignore_ascii_case(shared);
        if is("organizations") {
            return Ok(Self::Organizations);
        }
        if is("common") {
            return Ok(Self::Common);
        }
        if is("consumers") {
            return Ok(Self::Consumers);
        }
        directory
            .tenant(segment)
            .map(Self::Tenant)
            .ok_or_else(|| OAuthError::UnknownTenant(segment.to_owned()))
    }

    /// Whether `user` may sign in here. Guests sign in at the tenant that invited them; elsewhere
    /// their home tenant issues the tokens.
    pub(crate) fn admits(self, user: &User) -> bool {
        match self {
            Self::Tenant(tenant) => user.tenant == tenant.id,
            Self::Organizations | Self::Common => !user.is_guest(),
            Self::Consumers => false,
        }
    }

    /// The user whom `username` names here, a guest too. If there is none, the member of another
    /// tenant, so that the error can say so.
    pub(crate) fn user_named(self, directory: &'a Directory, username: &str) -> Option<&'a User> {
        directory.user_named(self.only_tenant().ok(), username)
    }

    /// The tenant of the path, for grants that the shared names do not have.
    pub(crate) fn only_tenant(self) -> Result<&'a Tenant, OAuthError> {
        match self {
            Self::Tenant(tenant) => Ok(tenant),
            Self::Organizations => Err(OAuthError::NotOnOrganizations),
            Self::Common | Self::Consumers => Err(OAuthError::NotOnCommon),
        }
    }

    /// The tenant of the password grant. Without one in the path, it is the tenant of `username`.
    pub(crate) fn tenant_of_username(
        self,
        directory: &'a Directory,
        username: &str,
    ) -> Result<&'a Tenant, OAuthError> {
        if !matches!(self, Self::Organizations) {
            return self.only_tenant();
        }
        directory
            .user_named(None, username)
            .and_then(|user| directory.tenant_of(user))
            .ok_or(OAuthError::InvalidCredentials)
    }
}
