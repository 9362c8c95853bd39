//! The client assertion of an agent identity: a token that its blueprint got for it (`fmi_path`).

use uuid::Uuid;

use super::jwt::Jwt;
use crate::agent::exchange_subject;
use crate::authority::Version;
use crate::directory::{Application, TOKEN_EXCHANGE_ID};
use crate::entra::Entra;
use crate::oauth_error::OAuthError;

pub(super) fn check(
    entra: &Entra,
    agent: &Application,
    blueprint: Uuid,
    jwt: &Jwt<'_>,
    now: i64,
) -> Result<(), OAuthError> {
    let tenant = agent.home();
    let issuer = entra.authority.issuer(Version::V2, &tenant.to_string());
    if jwt.claims.iss != issuer {
        return Err(OAuthError::FederatedIssuer(jwt.claims.iss.clone()));
    }
    let published = entra.keys.published();
    let key = published
        .iter()
        .find(|key| jwt.header.kid.as_ref() == Some(&key.kid))
        .filter(|_| jwt.header.alg == "RS256")
        .ok_or(OAuthError::ClientAssertionSignature(
            "The key was not found.",
        ))?;
    if !key.verifies(jwt.signed.as_bytes(), &jwt.signature) {
        return Err(OAuthError::ClientAssertionSignature(
            "The signature is wrong.",
        ));
    }
    jwt.claims.check_times(now)?;
    let audience = jwt.claims.aud.single().unwrap_or_default();
    if audience != TOKEN_EXCHANGE_ID.to_string() {
        return Err(OAuthError::FederatedAudience(audience.to_owned()));
    }
    if jwt.claims.sub == exchange_subject(tenant, blueprint, agent.client_id) {
        Ok(())
    } else {
        Err(OAuthError::FederatedSubject(jwt.claims.sub.clone()))
    }
}
