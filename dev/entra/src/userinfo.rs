//! The `UserInfo` endpoint (OpenID Connect Core §5.3). Entra's is a part of Microsoft Graph, so it
//! takes tokens for Graph, and its errors are Graph's.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::access_token::pairwise_subject;
use crate::authority::{Authority, Version};
use crate::directory::{GRAPH_ID, GRAPH_URI};
use crate::entra::Entra;
use crate::issued_token::{self, NotIssued};

/// The claims that Entra documents for this endpoint, without `picture`. The directory has no given
/// and family names.
#[derive(Serialize)]
struct UserInfo {
    /// That of the client's ID tokens, which OpenID Connect Core §5.3.2 requires.
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

/// The used claims of a token for Graph.
#[derive(Deserialize)]
struct GraphToken {
    aud: String,
    iss: String,
    tid: Uuid,
    oid: Uuid,
    #[serde(default)]
    scp: String,
    appid: Option<String>,
    azp: Option<String>,
}

/// Why the endpoint denies a request, in the words of Graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Denied {
    Token(&'static str),
    Privileges,
}

/// `GET` and `POST /oidc/userinfo`
pub(crate) async fn userinfo(State(entra): State<Arc<Entra>>, headers: HeaderMap) -> Response {
    match describe(&entra, &headers) {
        Ok(info) => ([(header::CACHE_CONTROL, "no-store")], Json(info)).into_response(),
        Err(denied) => denied.response(&entra.authority, &headers),
    }
}

fn describe(entra: &Entra, headers: &HeaderMap) -> Result<UserInfo, Denied> {
    let token = bearer_token(headers).ok_or(Denied::Token("Access token is empty."))?;
    let token = verified(entra, token)?;
    let has_scope = |name: &str| token.scp.split(' ').any(|scope| scope == name);
    if !has_scope("openid") {
        return Err(Denied::Privileges);
    }
    let directory = &entra.directory;
    let gone = Denied::Token("The user or the application of the token does not exist.");
    let tenant = directory.tenant_by_id(token.tid).ok_or(gone)?;
    let user = directory.user(tenant, token.oid).ok_or(gone)?;
    let client = token.appid.as_deref().or(token.azp.as_deref());
    let client = client
        .and_then(|id| directory.client(tenant, id))
        .ok_or(gone)?;
    Ok(UserInfo {
        sub: pairwise_subject(user.object_id, tenant, client),
        name: has_scope("profile").then(|| user.name.clone()),
        email: has_scope("email").then(|| user.username.clone()),
    })
}

/// The token of the only `Authorization` header. Entra ignores RFC 6750's other ways.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn verified(entra: &Entra, token: &str) -> Result<GraphToken, Denied> {
    let token: GraphToken = issued_token::verify(&entra.keys, token).map_err(|reason| {
        Denied::Token(match reason {
            NotIssued::Malformed => "CompactToken parsing failed with error code: 80049217",
            NotIssued::Expired => "Lifetime validation failed, the token is expired.",
            NotIssued::Algorithm | NotIssued::UnknownKey | NotIssued::Signature => {
                "Access token validation failure. Invalid signature."
            }
        })
    })?;
    let is_for_graph = entra
        .directory
        .shared_resource(&token.aud)
        .is_some_and(|resource| resource.identifier_uri == GRAPH_URI);
    if !is_for_graph {
        return Err(Denied::Token(
            "Access token validation failure. Invalid audience.",
        ));
    }
    let tenant = token.tid.to_string();
    let issuers =
        [Version::V1, Version::V2].map(|version| entra.authority.issuer(version, &tenant));
    if issuers.contains(&token.iss) {
        Ok(token)
    } else {
        Err(Denied::Token("Invalid issuer."))
    }
}

impl Denied {
    fn response(self, authority: &Authority, request: &HeaderMap) -> Response {
        let (status, code, message) = match self {
            Self::Token(message) => (
                StatusCode::UNAUTHORIZED,
                "InvalidAuthenticationToken",
                message,
            ),
            Self::Privileges => (
                StatusCode::FORBIDDEN,
                "Authorization_RequestDenied",
                "Insufficient privileges to complete the operation.",
            ),
        };
        let request_id = Uuid::new_v4();
        let client_request_id = request
            .get("client-request-id")
            .and_then(|id| Uuid::parse_str(id.to_str().ok()?).ok())
            .unwrap_or(request_id);
        tracing::info!(code, message, %request_id, "denied");
        let date = crate::clock::timestamp().strftime("%Y-%m-%dT%H:%M:%S");
        let body = json!({ "error": { "code": code, "message": message, "innerError": {
            "date": date.to_string(),
            "request-id": request_id,
            "client-request-id": client_request_id,
        } } });
        let mut response = (status, Json(body)).into_response();
        if let (Self::Token(_), Some(challenge)) = (self, challenge(authority)) {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// The challenge of Graph, which tells clients where to get a token.
fn challenge(authority: &Authority) -> Option<HeaderValue> {
    let url = authority.endpoint("common", "oauth2/authorize");
    HeaderValue::try_from(format!(
        r#"Bearer realm="", authorization_uri="{url}", client_id="{GRAPH_ID}""#
    ))
    .ok()
}

#[cfg(test)]
mod tests;
