//! Token responses (RFC 6749 §5.1) in the form of the v1 or v2 endpoint.

use axum::Json;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header;
use serde::Serialize;
use serde_json::json;

use super::{Granted, TokenRequest};
use crate::access_token::{Subject, Validity};
use crate::authority::Version;
use crate::clock::now;
use crate::directory::{Application, Platform};
use crate::entra::Entra;
use crate::id_token::{IdToken, SignInClaims};
use crate::memory::RefreshToken;
use crate::oauth_error::OAuthError;
use crate::scope::RequestedScopes;

/// How long an expired refresh token is remembered, in seconds.
const KEPT_AFTER: i64 = 24 * 3600;

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
    #[serde(flatten)]
    user: UserReply,
}

#[derive(Serialize)]
struct ReplyV2 {
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    expires_in: u64,
    ext_expires_in: u64,
    access_token: String,
    #[serde(flatten)]
    user: UserReply,
}

/// Members of the reply that only a user's tokens have.
#[derive(Default, Serialize)]
struct UserReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Only for single-page applications, whose refresh tokens have a fixed life.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token_expires_in: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_info: Option<String>,
}

pub(super) fn reply(
    entra: &Entra,
    request: &TokenRequest<'_>,
    granted: &Granted<'_>,
) -> Result<Response, OAuthError> {
    let validity = Validity::from_now(entra.lifetime);
    let version = version_for(request.endpoint, granted.authorization.resource);
    let access_token = granted
        .authorization
        .sign(entra, version, validity)
        .map_err(|error| OAuthError::unavailable(&error))?;
    let user = user_reply(entra, request, granted, validity)?;
    let reply = match request.endpoint {
        Version::V1 => Reply::V1(reply_v1(entra, granted, validity, access_token, user)),
        Version::V2 => Reply::V2(reply_v2(entra, granted, access_token, user)?),
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

fn reply_v1(
    entra: &Entra,
    granted: &Granted<'_>,
    validity: Validity,
    access_token: String,
    user: UserReply,
) -> ReplyV1 {
    let seconds = entra.lifetime.as_secs().to_string();
    ReplyV1 {
        token_type: "Bearer",
        scope: match &granted.authorization.subject {
            Subject::User { scopes, .. } => Some(scopes.join(" ")),
            Subject::Application | Subject::Agent { .. } => None,
        },
        expires_in: seconds.clone(),
        ext_expires_in: seconds,
        expires_on: validity.exp.to_string(),
        not_before: validity.nbf.to_string(),
        resource: granted.authorization.resource.identifier_uri.clone(),
        access_token,
        user,
    }
}

fn reply_v2(
    entra: &Entra,
    granted: &Granted<'_>,
    access_token: String,
    user: UserReply,
) -> Result<ReplyV2, OAuthError> {
    let seconds = entra.lifetime.as_secs();
    let scope = match (&granted.authorization.subject, &granted.scope) {
        (Subject::User { scopes, .. }, Some(scope)) => {
            Some(RequestedScopes::parse(scope)?.granted(scopes))
        }
        _ => None,
    };
    Ok(ReplyV2 {
        token_type: "Bearer",
        scope,
        expires_in: seconds,
        ext_expires_in: seconds,
        access_token,
        user,
    })
}

/// Members for a user's tokens; all are empty for an app-only token.
fn user_reply(
    entra: &Entra,
    request: &TokenRequest<'_>,
    granted: &Granted<'_>,
    validity: Validity,
) -> Result<UserReply, OAuthError> {
    let authorization = &granted.authorization;
    let (Subject::User { user, contexts, .. }, Some(scope)) =
        (&authorization.subject, &granted.scope)
    else {
        return Ok(UserReply::default());
    };
    let mut reply = UserReply::default();
    if RequestedScopes::parse(scope)?.wants_id_token() {
        let key = entra.keys.current();
        let sign_in = SignInClaims {
            nonce: granted.nonce.as_deref(),
            session: granted.session.as_deref(),
            contexts,
        };
        let claims = IdToken::new(user, authorization, sign_in, &entra.authority, validity);
        let signed = key.sign(&key.header(), &claims);
        reply.id_token = Some(signed.map_err(|error| OAuthError::unavailable(&error))?);
    }
    if request.parameters.optional("client_info") == Some("1") {
        let info = json!({"uid": user.object_id, "utid": authorization.tenant.id});
        reply.client_info = Some(URL_SAFE_NO_PAD.encode(info.to_string()));
    }
    if let Some((grant, ends)) = &granted.refresh {
        let now = now();
        let is_spa = grant.platform == Platform::Spa;
        reply.refresh_token_expires_in = is_spa.then_some(ends - now);
        let token = RefreshToken {
            grant: grant.clone(),
            ends: *ends,
        };
        // It is kept longer than it works, so that its error can say that it has expired.
        let kept = ends.saturating_add(KEPT_AFTER);
        reply.refresh_token = Some(entra.memory.refresh_tokens.issue(token, now, kept)?);
    }
    Ok(reply)
}
