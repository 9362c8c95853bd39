//! The client credentials grant (RFC 6749 §4.4): an application acts as itself.

use super::{Granted, TokenRequest};
use crate::access_token::Subject;
use crate::authority::Version;
use crate::directory::{Application, TOKEN_EXCHANGE_ID};
use crate::entra::Entra;
use crate::oauth_error::OAuthError;
use crate::scope::default_of;

pub(super) fn authorize<'a>(
    entra: &'a Entra,
    request: &TokenRequest<'a>,
) -> Result<Granted<'a>, OAuthError> {
    let identifier = match request.endpoint {
        Version::V1 => request.parameters.required("resource")?,
        Version::V2 => default_of(request.parameters.required("scope")?)?,
    };
    // Entra also issues a token to a client without roles. It has no `roles`, and the resource
    // must check them.
    let resource = request.resource(entra, identifier)?;
    let subject = match request.parameters.optional("fmi_path") {
        None => Subject::Application,
        Some(path) => Subject::Agent {
            agent: agent_at(entra, request, resource, path)?,
        },
    };
    Ok(Granted::app_only(request.authorization(resource, subject)))
}

/// The agent identity at `path`, which is its client id. It must be one of this client.
fn agent_at<'a>(
    entra: &'a Entra,
    request: &TokenRequest<'a>,
    resource: &Application,
    path: &str,
) -> Result<&'a Application, OAuthError> {
    if resource.client_id != TOKEN_EXCHANGE_ID {
        return Err(OAuthError::Malformed(
            "fmi_path needs the scope api://AzureADTokenExchange/.default",
        ));
    }
    entra
        .directory
        .client(request.tenant, path)
        .filter(|agent| agent.blueprint == Some(request.client.client_id))
        .ok_or(OAuthError::Malformed(
            "fmi_path names no agent identity of this client",
        ))
}
