//! Tokens of managed identities, from the two endpoints that Azure gives to its resources: that of
//! virtual machines (IMDS), and that of App Service and Functions.

mod denial;
mod selection;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

use crate::access_token::{Authorization, ClientProof, Subject, Validity};
use crate::clock::now;
use crate::directory::Application;
use crate::entra::Entra;
use crate::parameters::Parameters;
use denial::{AppServiceDenied, Denial};

/// How long a token works, in seconds.
const LIVES: i64 = 24 * 3600;
/// How long before now a token begins, in seconds: together 24 hours and 5 minutes, as from Azure.
const BEGINS_BEFORE: i64 = 300;

/// `GET /metadata/identity/oauth2/token`, the endpoint of virtual machines.
///
/// It has no authentication but the header `Metadata`, which a forwarded request lacks.
pub(crate) async fn instance_metadata(
    State(entra): State<Arc<Entra>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<([(header::HeaderName, HeaderValue); 1], Json<Value>), Denial> {
    let has_header = headers
        .get("metadata")
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
    if !has_header || headers.contains_key("x-forwarded-for") {
        return Err(Denial::MetadataHeader);
    }
    let request = Request::parse(query.as_deref())?;
    if request.api_version != "2018-02-01" {
        return Err(Denial::ApiVersion("2018-02-01"));
    }
    let token = issue(&entra, &request)?;
    let reply = json!({
        "access_token": token.signed,
        "client_id": token.client_id,
        "expires_in": LIVES.to_string(),
        "expires_on": token.validity.exp.to_string(),
        "ext_expires_in": LIVES.to_string(),
        "not_before": token.validity.nbf.to_string(),
        "resource": request.resource,
        "token_type": "Bearer",
    });
    Ok((no_store(), Json(reply)))
}

/// `GET /msi/token`, the `IDENTITY_ENDPOINT` of App Service.
pub(crate) async fn app_service(
    State(entra): State<Arc<Entra>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<([(header::HeaderName, HeaderValue); 1], Json<Value>), AppServiceDenied> {
    let given = headers
        .get("x-identity-header")
        .and_then(|value| value.to_str().ok());
    if !given.is_some_and(|given| entra.directory.has_identity_header(given)) {
        return Err(Denial::IdentityHeader.into());
    }
    let request = Request::parse(query.as_deref())?;
    if request.api_version != "2019-08-01" {
        return Err(Denial::ApiVersion("2019-08-01").into());
    }
    let token = issue(&entra, &request)?;
    let reply = json!({
        "access_token": token.signed,
        "client_id": token.client_id,
        "expires_on": token.validity.exp.to_string(),
        "resource": request.resource,
        "token_type": "Bearer",
    });
    Ok((no_store(), Json(reply)))
}

fn no_store() -> [(header::HeaderName, HeaderValue); 1] {
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]
}

/// The query of both endpoints.
struct Request {
    api_version: String,
    resource: String,
    parameters: Parameters,
}

impl Request {
    fn parse(query: Option<&str>) -> Result<Self, Denial> {
        let parameters = Parameters::parse(query.unwrap_or_default().as_bytes())
            .map_err(|_| Denial::Malformed)?;
        let required = |name: &'static str| {
            let value = parameters.optional(name).map(str::to_owned);
            value.ok_or(Denial::MissingParameter(name))
        };
        Ok(Self {
            api_version: required("api-version")?,
            resource: required("resource")?,
            parameters,
        })
    }
}

struct Token<'a> {
    signed: String,
    client_id: &'a uuid::Uuid,
    validity: Validity,
}

fn issue<'a>(entra: &'a Entra, request: &Request) -> Result<Token<'a>, Denial> {
    let directory = &entra.directory;
    let client: &Application = selection::selected(directory, &request.parameters)?;
    let unknown = || Denial::UnknownResource(request.resource.clone());
    let tenant = directory.tenant_by_id(client.home()).ok_or_else(unknown)?;
    // Clients send a resource with or without the slash at its end.
    let identifier = request.resource.trim_end_matches('/');
    let resource = directory.resource(tenant, identifier).ok_or_else(unknown)?;
    let authorization = Authorization {
        tenant,
        client,
        resource,
        subject: Subject::Application,
        // The platform holds a certificate of the identity.
        proof: ClientProof::Assertion,
    };
    let begins = now().saturating_sub(BEGINS_BEFORE);
    let validity = Validity {
        iat: begins,
        nbf: begins,
        exp: now().saturating_add(LIVES),
    };
    let signed = authorization
        .sign(entra, resource.token_version, validity)
        .map_err(|error| Denial::unavailable(&error))?;
    tracing::info!(
        client_id = %client.client_id,
        tid = %tenant.id,
        resource = resource.key,
        "token of a managed identity issued"
    );
    Ok(Token {
        signed,
        client_id: &client.client_id,
        validity,
    })
}
