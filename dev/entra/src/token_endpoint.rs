//! The token endpoints: they answer a form with a token or an AADSTS error.

mod assertion;
mod authentication_context;
mod client;
mod client_assertion;
mod client_credentials;
mod on_behalf_of;
mod parameters;
mod password;
mod realm;
mod reply;
mod scope;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;

use crate::access_token::{Authorization, ClientProof};
use crate::authority::Version;
use crate::directory::{Application, Tenant};
use crate::oauth_error::OAuthError;
use crate::router::Entra;
use parameters::Parameters;
use realm::Realm;

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

/// The imitated grants.
#[derive(Clone, Copy, Debug)]
enum GrantType {
    Password,
    ClientCredentials,
    OnBehalfOf,
}

impl GrantType {
    fn parse(endpoint: Version, text: &str) -> Result<Self, OAuthError> {
        match (text, endpoint) {
            ("password", _) => Ok(Self::Password),
            ("client_credentials", _) => Ok(Self::ClientCredentials),
            ("urn:ietf:params:oauth:grant-type:jwt-bearer", Version::V2) => Ok(Self::OnBehalfOf),
            _ => Err(OAuthError::UnsupportedGrant(text.to_owned())),
        }
    }

    /// Whether a public client may use it.
    fn allows_public_clients(self) -> bool {
        matches!(self, Self::Password)
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
    let realm = Realm::parse(entra, segment)?;
    let parameters = Parameters::parse(body)?;
    let grant = GrantType::parse(endpoint, parameters.required("grant_type")?)?;
    let tenant = realm.tenant(entra, grant, &parameters)?;
    let place = client::Place {
        endpoint,
        tenant,
        segment,
    };
    let (client, proof) = client::authenticate(entra, &place, headers, &parameters, grant).await?;
    let request = TokenRequest {
        endpoint,
        tenant,
        client,
        proof,
        parameters: &parameters,
    };
    let authorization = match grant {
        GrantType::Password => password::authorize(entra, &request),
        GrantType::ClientCredentials => client_credentials::authorize(entra, &request),
        GrantType::OnBehalfOf => on_behalf_of::authorize(entra, &request),
    }?;
    log_issued(grant, &authorization);
    reply::reply(entra, &request, &authorization).map_err(|error| OAuthError::unavailable(&error))
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
