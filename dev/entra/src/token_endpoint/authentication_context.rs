//! Conditional Access, as far as it reaches an API: a resource may ask that the user has met an
//! authentication context, such as `c1`.
//!
//! The challenge goes out with the refusal; the client sends it back as `claims` when it signs the
//! user in again. There is no second factor to show here: asking for the context is meeting it.

use serde::Deserialize;

use super::parameters::Parameters;
use crate::directory::{Application, User};
use crate::refusal::Refusal;

/// The `claims` parameter of OpenID Connect Core §5.5, as far as it matters here.
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

/// The contexts that the client asks for in the user's name.
pub(super) fn asked_for(parameters: &Parameters) -> Result<Vec<String>, Refusal> {
    let Some(text) = parameters.optional("claims") else {
        return Ok(Vec::new());
    };
    let request: ClaimsRequest = serde_json::from_str(text)
        .map_err(|_| Refusal::Malformed("claims is not a claims request in JSON"))?;
    let wanted = request.access_token.acrs;
    Ok(wanted
        .into_iter()
        .flat_map(|Wanted { value, values }| value.into_iter().chain(values))
        .collect())
}

/// Whether the user has met what a policy asks for on `resource`.
pub(super) fn check(user: &User, resource: &Application, met: &[String]) -> Result<(), Refusal> {
    match user.context_required_for(resource) {
        Some(context) if !met.iter().any(|met| met == context) => {
            Err(Refusal::InteractionRequired {
                resource: resource.client_id,
                context: context.to_owned(),
            })
        }
        _ => Ok(()),
    }
}
