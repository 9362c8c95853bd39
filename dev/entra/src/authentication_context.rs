//! Conditional Access for APIs: a resource may require an authentication context, such as `c1`.
//!
//! The error carries the challenge. The client sends it back as `claims` when it signs the user in
//! again. There is no second factor here, so a request for the context meets it.

use serde::Deserialize;

use crate::directory::{Application, User};
use crate::oauth_error::OAuthError;
use crate::parameters::Parameters;

/// The most contexts of one request.
const MOST_CONTEXTS: usize = 16;
/// Maximum bytes of a context. Entra's are `c1` to `c99`.
const MOST_BYTES: usize = 64;

/// The used members of the `claims` parameter (OpenID Connect Core §5.5).
#[derive(Default, Deserialize)]
struct ClaimsRequest {
    #[serde(default)]
    access_token: AccessTokenClaims,
}

#[derive(Default, Deserialize)]
struct AccessTokenClaims {
    acrs: Option<Wanted>,
}

#[derive(Deserialize)]
struct Wanted {
    value: Option<String>,
    #[serde(default)]
    values: Vec<String>,
}

/// The contexts that the client requests for the user.
pub(crate) fn requested(parameters: &Parameters) -> Result<Vec<String>, OAuthError> {
    let Some(text) = parameters.optional("claims") else {
        return Ok(Vec::new());
    };
    let request: ClaimsRequest = serde_json::from_str(text)
        .map_err(|_| OAuthError::Malformed("claims is not a claims request in JSON"))?;
    let wanted = request.access_token.acrs;
    let contexts: Vec<String> = wanted
        .into_iter()
        .flat_map(|Wanted { value, values }| value.into_iter().chain(values))
        .collect();
    if contexts.len() > MOST_CONTEXTS || contexts.iter().any(|it| it.len() > MOST_BYTES) {
        return Err(OAuthError::Malformed(
            "claims has more than 16 authentication contexts, or one of more than 64 bytes",
        ));
    }
    Ok(contexts)
}

/// Fails if the user has not met the context that `resource` requires.
pub(crate) fn check(user: &User, resource: &Application, met: &[String]) -> Result<(), OAuthError> {
    match user.context_required_for(resource) {
        Some(context) if !met.iter().any(|met| met == context) => {
            Err(OAuthError::InteractionRequired {
                resource: resource.client_id,
                context: context.to_owned(),
            })
        }
        _ => Ok(()),
    }
}
