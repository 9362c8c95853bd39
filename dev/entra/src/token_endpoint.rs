//! The token endpoints: they answer a form with a token or an AADSTS error.

mod assertion;
mod client;
mod client_assertion;
mod client_credentials;
mod grant_type;
mod on_behalf_of;
mod password;
mod presented;
mod reply;
mod user_grant;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;

use crate::access_token::{Authorization, ClientProof};
use crate::authority::Version;
use crate::directory::{Application, Tenant};
use crate::entra::Entra;
use crate::memory::UserGrant;
use crate::oauth_error::OAuthError;
use crate::parameters::Parameters;
use crate::realm::Realm;
use grant_type::GrantType;
use presented::Presented;

/// `POST /{tenant}/oauth2/v2.0/token`
pub(crate) async fn v2(
    State(entra): State<Arc<Entra>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    respond(&entra, Version::V2, &tenant, &headers, &body).await
}

/// `POST /{tenant}/oauth2/token`
pub(crate) async fn v1(
    State(entra): State<Arc<Entra>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    respond(&entra, Version::V1, &tenant, &headers, &body).await
}

/// A request of an authenticated client.
struct TokenRequest<'a> {
    endpoint: Version,
    tenant: &'a Tenant,
    client: &'a Application,
    proof: ClientProof,
    parameters: &'a Parameters,
}

/// An authorized request, with what its response has besides the access token.
struct Granted<'a> {
    authorization: Authorization<'a>,
    /// The requested scopes; none for an application's own token.
    scope: Option<String>,
    /// What a refresh token stands for, and until when; none if there is no refresh token.
    refresh: Option<(UserGrant, i64)>,
    nonce: Option<String>,
    /// The id of the session in the browser.
    session: Option<String>,
}

impl<'a> Granted<'a> {
    /// An application's own token, which comes alone.
    fn app_only(authorization: Authorization<'a>) -> Self {
        Self {
            authorization,
            scope: None,
            refresh: None,
            nonce: None,
            session: None,
        }
    }
}

async fn respond(
    entra: &Entra,
    endpoint: Version,
    tenant: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    issue(entra, endpoint, tenant, headers, body)
        .await
        .unwrap_or_else(IntoResponse::into_response)
}

async fn issue(
    entra: &Entra,
    endpoint: Version,
    segment: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, OAuthError> {
    let realm = Realm::parse(&entra.directory, segment)?;
    let parameters = Parameters::form(headers, body)?;
    let grant = GrantType::parse(endpoint, parameters.required("grant_type")?)?;
    let presented = Presented::find(entra, grant, headers, &parameters)?;
    let tenant = presented.tenant(entra, realm, &parameters)?;
    let place = client::Place {
        endpoint,
        tenant,
        segment,
    };
    let (client, proof) =
        client::authenticate(entra, &place, headers, &parameters, &presented).await?;
    let request = TokenRequest {
        endpoint,
        tenant,
        client,
        proof,
        parameters: &parameters,
    };
    let granted = match &presented {
        Presented::Password => password::authorize(entra, &request),
        Presented::ClientCredentials => client_credentials::authorize(entra, &request),
        Presented::OnBehalfOf => on_behalf_of::authorize(entra, &request),
        Presented::Code(..) | Presented::RefreshToken(_) | Presented::DeviceCode(..) => {
            user_grant::authorize(entra, &request, &presented)
        }
    }?;
    log_issued(grant, &granted.authorization);
    reply::reply(entra, &request, &granted)
}

fn log_issued(grant: GrantType, authorization: &Authorization<'_>) {
    let Authorization {
        tenant,
        client,
        resource,
        subject,
        proof,
    } = authorization;
    tracing::info!(
        ?grant,
        ?proof,
        client_id = %client.client_id,
        tid = %tenant.id,
        oid = %subject.object_id(client),
        resource = resource.key,
        "token issued"
    );
}

#[cfg(test)]
mod issue_tests;
#[cfg(test)]
mod refusal_tests;
