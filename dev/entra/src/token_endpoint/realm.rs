use super::GrantType;
use super::parameters::Parameters;
use crate::directory::Tenant;
use crate::refusal::Refusal;
use crate::router::Entra;

/// What the first segment of the path stands for.
pub(super) enum Realm<'a> {
    Tenant(&'a Tenant),
    /// Whichever tenant the user is of.
    Organizations,
}

impl<'a> Realm<'a> {
    pub(super) fn parse(entra: &'a Entra, segment: &str) -> Result<Self, Refusal> {
        let is = |shared: &str| segment.eq_ignore_ascii_case(shared);
        if is("common") || is("consumers") {
            return Err(Refusal::NotOnCommon);
        }
        if is("organizations") {
            return Ok(Self::Organizations);
        }
        let tenant = entra.directory.tenant(segment);
        tenant
            .map(Self::Tenant)
            .ok_or_else(|| Refusal::UnknownTenant(segment.to_owned()))
    }

    /// The tenant whose tokens are asked for. Only a user's name tells it where the path does not.
    pub(super) fn tenant(
        self,
        entra: &'a Entra,
        grant: GrantType,
        form: &Parameters,
    ) -> Result<&'a Tenant, Refusal> {
        match (self, grant) {
            (Self::Tenant(tenant), _) => Ok(tenant),
            (Self::Organizations, GrantType::Password) => {
                let user = entra.directory.user_named(form.required("username")?);
                user.and_then(|user| entra.directory.tenant_of(user))
                    .ok_or(Refusal::InvalidCredentials)
            }
            (Self::Organizations, _) => Err(Refusal::NotOnOrganizations),
        }
    }
}
