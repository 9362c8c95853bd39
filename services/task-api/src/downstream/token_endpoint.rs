use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;

use super::Application;
use super::call_error::{AadstsNumbers, CallError};

/// An error reply or a token reply is a few kilobytes.
const REPLY_LIMIT: usize = 64 * 1024;
const ERROR_MAX_CHARS: usize = 64;
/// Entra issues tokens of about an hour; a longer life is not believed, so that a wrong `expires_in` can't pin a token.
const LONGEST_LIFE_SECONDS: u64 = 24 * 60 * 60;

/// The token endpoint of any tenant (RFC 6749 §3.2), with this application's credential.
#[derive(Debug)]
pub(super) struct TokenEndpoint {
    http: Client,
    application: Application,
}

/// An access token for one of the services. Never printed.
#[derive(Clone)]
pub(super) struct AccessToken {
    value: Arc<str>,
    renew_at: Instant,
}

#[derive(Deserialize)]
struct TokenReply {
    access_token: String,
    expires_in: u64,
}

/// RFC 6749 §5.2, with the numbers that Entra adds.
#[derive(Deserialize)]
struct ErrorReply {
    error: String,
    #[serde(default)]
    error_codes: AadstsNumbers,
}

impl TokenEndpoint {
    pub(super) fn new(http: Client, application: Application) -> Self {
        Self { http, application }
    }

    /// Asks for a token in `tenant`; `grant` is what the grant type adds to this application's credential.
    pub(super) async fn request(&self, tenant: &str, grant: &[(&str, &str)]) -> Result<AccessToken, CallError> {
        let Application { client_id, secret, .. } = &self.application;
        let credential = [("client_id", client_id.as_str()), ("client_secret", secret.reveal())];
        let form: Vec<_> = credential.iter().chain(grant).collect();
        let request = self.http.post(self.url(tenant)).form(&form);
        let response = request.send().await.map_err(CallError::TokenEndpointUnreachable)?;
        let status = response.status();
        let body = read(response).await?;
        if !status.is_success() {
            return Err(refusal(status, &body));
        }
        let reply: TokenReply = serde_json::from_slice(&body).map_err(|_| CallError::TokenUnreadable)?;
        Ok(AccessToken::new(reply))
    }

    /// `tenant` becomes one path segment, whatever it holds.
    fn url(&self, tenant: &str) -> Url {
        let mut url = self.application.authority.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend([tenant, "oauth2", "v2.0", "token"]);
        }
        url
    }
}

impl AccessToken {
    /// Renewed after 80 % of its life, so that a request never carries one that expires on the way.
    fn new(reply: TokenReply) -> Self {
        let life = Duration::from_secs(reply.expires_in.min(LONGEST_LIFE_SECONDS));
        Self { value: reply.access_token.into(), renew_at: Instant::now() + life / 5 * 4 }
    }

    pub(super) fn is_fresh(&self) -> bool {
        Instant::now() < self.renew_at
    }

    /// The token itself, for an `Authorization` header only.
    pub(super) fn reveal(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessToken(redacted)")
    }
}

async fn read(mut response: Response) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(CallError::TokenEndpointUnreachable)? {
        if body.len() + chunk.len() > REPLY_LIMIT {
            return Err(CallError::TokenUnreadable);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn refusal(status: StatusCode, body: &[u8]) -> CallError {
    let reply = serde_json::from_slice(body)
        .unwrap_or_else(|_| ErrorReply { error: "no OAuth error".to_owned(), error_codes: AadstsNumbers::default() });
    let error = reply.error.chars().take(ERROR_MAX_CHARS).collect();
    CallError::TokenRefused { status, error, numbers: reply.error_codes }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::refusal;

    #[test]
    fn a_refusal_names_error_and_number_but_not_the_description() {
        let body = br#"{"error":"invalid_grant","error_description":"AADSTS50020: user alice@example.com","error_codes":[50020]}"#;
        let cause = refusal(StatusCode::BAD_REQUEST, body).to_string();
        assert_eq!(cause, "the token endpoint answered 400 Bad Request: invalid_grant AADSTS50020");
        assert!(refusal(StatusCode::BAD_GATEWAY, b"<html>").to_string().contains("502"));
    }
}
