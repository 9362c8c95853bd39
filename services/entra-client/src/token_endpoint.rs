use std::sync::Arc;

use portcullis_runtime::TraceSpan;
use portcullis_token::connection_failure;
use reqwest::{Client, Response};
use tokio::time::Instant;

use crate::access_token::AccessToken;
use crate::application::Application;
use crate::error::TokenError;
use crate::grant::Grant;
use crate::reply;
use crate::token_source::TokenSource;

/// Maximum size of a reply. Tokens and errors have a few kilobytes.
const REPLY_LIMIT: usize = 64 * 1024;

/// Client of the tenants' token endpoints, with this application's credential.
#[derive(Debug)]
pub(crate) struct TokenEndpoint {
    http: Client,
    application: Application,
}

impl TokenEndpoint {
    pub(crate) fn new(http: Client, application: Application) -> Self {
        Self { http, application }
    }

    pub(crate) fn home_tenant(&self) -> &str {
        &self.application.home_tenant
    }
}

impl TokenSource for TokenEndpoint {
    async fn request(&self, grant: &Grant) -> Result<AccessToken, TokenError> {
        let span = TraceSpan::of_call(|| "obtain a token".to_owned());
        span.note(|| [("oauth.grant", grant.name().into())]);
        let answer = self.post(grant).await;
        if let Err(error) = &answer {
            span.failed(error.reason());
        }
        answer
    }
}

impl TokenEndpoint {
    /// Posts one token request.
    ///
    /// The request carries no trace headers, because the endpoint's collector is not known.
    async fn post(&self, grant: &Grant) -> Result<AccessToken, TokenError> {
        let url = self.application.token_url(&grant.tenant);
        let Application {
            client_id,
            credential,
            ..
        } = &self.application;
        let credential = credential
            .form(client_id, &url)
            .await
            .map_err(|error| TokenError::Credential(Arc::new(error)))?;
        let credential = credential
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let form: Vec<_> = std::iter::once(("client_id", client_id.as_str()))
            .chain(credential)
            .chain(grant.form())
            .collect();
        // The token's life counts from before the request, so that a slow reply does not extend it.
        let sent_at = Instant::now();
        let response = self
            .http
            .post(url)
            .form(&form)
            .send()
            .await
            .map_err(unreachable)?;
        let status = response.status();
        let headers = response.headers().clone();
        let body = read(response).await?;
        if status.is_success() {
            return reply::token(&body, sent_at);
        }
        Err(reply::token_error(status, &headers, &body, || {
            self.application.authorization_url(&grant.tenant)
        }))
    }
}

async fn read(mut response: Response) -> Result<Vec<u8>, TokenError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > REPLY_LIMIT {
            return Err(TokenError::Unreadable);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that `map_err` calls"
)]
fn unreachable(error: reqwest::Error) -> TokenError {
    if error.is_timeout() {
        return TokenError::TimedOut;
    }
    TokenError::Unreachable(connection_failure(&error).into())
}
