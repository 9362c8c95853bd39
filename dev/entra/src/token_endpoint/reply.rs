//! Token responses (RFC 6749 §5.1) in the form of the v1 or v2 endpoint.

use axum::Json;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header;
use serde::Serialize;
use serde_json::json;

use super::TokenRequest;
use super::scope::RequestedScopes;
use crate::access_token::{AccessToken, Authorization, Subject, Validity};
use crate::authority::Version;
use crate::directory::Application;
use crate::id_token::IdToken;
use crate::router::Entra;

#[derive(Serialize)]
#[serde(untagged)]
enum Reply {
    V1(ReplyV1),
    V2(ReplyV2),
}

/// The response of the v1 endpoint, in which numbers are strings.
#[derive(Serialize)]
struct ReplyV1 {
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    expires_in: String,
    ext_expires_in: String,
    expires_on: String,
    not_before: String,
    resource: String,
    access_token: String,
}

#[derive(Serialize)]
struct ReplyV2 {
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    expires_in: u64,
    ext_expires_in: u64,
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_info: Option<String>,
}

pub(super) fn reply(
    entra: &Entra,
    request: &TokenRequest<'_>,
    authorization: &Authorization<'_>,
) -> anyhow::Result<Response> {
    let validity = Validity::from_now(entra.lifetime);
    let access_token = access_token(entra, request.endpoint, authorization, validity)?;
    let reply = match request.endpoint {
        Version::V1 => Reply::V1(reply_v1(
            entra,
            request,
            authorization,
            validity,
            access_token,
        )),
        Version::V2 => Reply::V2(reply_v2(
            entra,
            request,
            authorization,
            validity,
            access_token,
        )?),
    };
    Ok((
        [
            (header::CACHE_CONTROL, "no-store"),
            (header::PRAGMA, "no-cache"),
        ],
        Json(reply),
    )
        .into_response())
}

/// The version of the access token. The resource chooses it, whatever the endpoint. With the
/// development extension the v1 endpoint issues v1 tokens.
fn version_for(endpoint: Version, resource: &Application) -> Version {
    if endpoint == Version::V1 && resource.accepts_v1_endpoint {
        Version::V1
    } else {
        resource.token_version
    }
}

fn access_token(
    entra: &Entra,
    endpoint: Version,
    authorization: &Authorization<'_>,
    validity: Validity,
) -> anyhow::Result<String> {
    let version = version_for(endpoint, authorization.resource);
    let key = entra.keys.current();
    let mut header = key.header();
    if version == Version::V1 {
        header.insert("x5t".to_owned(), key.x5t.as_str().into());
    }
    key.sign(
        &header,
        &AccessToken::new(authorization, version, &entra.authority, validity),
    )
}

fn reply_v1(
    entra: &Entra,
    request: &TokenRequest<'_>,
    authorization: &Authorization<'_>,
    validity: Validity,
    access_token: String,
) -> ReplyV1 {
    let seconds = entra.lifetime.as_secs().to_string();
    ReplyV1 {
        token_type: "Bearer",
        scope: match &authorization.subject {
            Subject::User { scopes, .. } => Some(scopes.join(" ")),
            Subject::Application => None,
        },
        expires_in: seconds.clone(),
        ext_expires_in: seconds,
        expires_on: validity.exp.to_string(),
        not_before: validity.nbf.to_string(),
        resource: request
            .parameters
            .optional("resource")
            .unwrap_or_default()
            .to_owned(),
        access_token,
    }
}

fn reply_v2(
    entra: &Entra,
    request: &TokenRequest<'_>,
    authorization: &Authorization<'_>,
    validity: Validity,
    access_token: String,
) -> anyhow::Result<ReplyV2> {
    let seconds = entra.lifetime.as_secs();
    let mut reply = ReplyV2 {
        token_type: "Bearer",
        scope: None,
        expires_in: seconds,
        ext_expires_in: seconds,
        access_token,
        id_token: None,
        client_info: None,
    };
    // An app-only token comes with none of the following members.
    let Subject::User { user, scopes, .. } = &authorization.subject else {
        return Ok(reply);
    };
    let Ok(requested) =
        RequestedScopes::parse(request.parameters.optional("scope").unwrap_or_default())
    else {
        return Ok(reply);
    };
    reply.scope = Some(requested.granted(scopes));
    if requested.wants_id_token() {
        let key = entra.keys.current();
        let claims = IdToken::new(
            user,
            authorization.tenant,
            authorization.client,
            &entra.authority,
            validity,
        );
        reply.id_token = Some(key.sign(&key.header(), &claims)?);
    }
    if request.parameters.optional("client_info") == Some("1") {
        let info = json!({"uid": user.object_id, "utid": authorization.tenant.id});
        reply.client_info = Some(URL_SAFE_NO_PAD.encode(info.to_string()));
    }
    Ok(reply)
}
