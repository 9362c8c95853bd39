use portcullis_entra_client::AccessToken;
use portcullis_runtime::{IDEMPOTENCY_KEY, REQUEST_ID, retry_after, trace_headers};
use reqwest::{Client, StatusCode};
use serde::Serialize;
use tokio::time::{Instant, sleep};
use url::Url;

use super::CallError;

/// Maximum number of times that one call is sent within its deadline.
const ATTEMPTS: usize = 3;

/// One endpoint of another service.
#[derive(Debug)]
pub(super) struct Service {
    http: Client,
    url: Url,
}

/// Headers and deadline of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallContext<'a> {
    pub(crate) request_id: Option<&'a str>,
    /// The key by which the receiver detects a repeated call.
    pub(crate) idempotency_key: &'a str,
    pub(crate) deadline: Instant,
}

impl Service {
    /// The endpoint `endpoint` below `base`, which may have a path or a final slash.
    pub(super) fn new(http: Client, base: Url, endpoint: &str) -> Self {
        let mut url = base;
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(endpoint);
        }
        Self { http, url }
    }

    /// Calls the service. `Ok` means that the service answered with success.
    ///
    /// A call that the service surely did not process is sent again.
    pub(super) async fn post(
        &self,
        token: &AccessToken,
        body: &impl Serialize,
        context: &CallContext<'_>,
    ) -> Result<(), CallError> {
        let mut answer = self.post_once(token, body, context).await;
        for _ in 1..ATTEMPTS {
            let Err(error) = &answer else { break };
            let Some(pause) = error.pause_before_resending() else {
                break;
            };
            if Instant::now() + pause >= context.deadline {
                break;
            }
            sleep(pause).await;
            answer = self.post_once(token, body, context).await;
        }
        answer
    }

    async fn post_once(
        &self,
        token: &AccessToken,
        body: &impl Serialize,
        context: &CallContext<'_>,
    ) -> Result<(), CallError> {
        let request = self
            .http
            .post(self.url.clone())
            .bearer_auth(token.reveal())
            .json(body);
        let request = request
            .header(IDEMPOTENCY_KEY, context.idempotency_key)
            .headers(trace_headers());
        let request = context
            .request_id
            .into_iter()
            .fold(request, |request, id| request.header(REQUEST_ID, id));
        let response = request
            .send()
            .await
            .map_err(CallError::ServiceUnreachable)?;
        match response.status() {
            status if status.is_success() => Ok(()),
            StatusCode::UNAUTHORIZED => Err(CallError::TokenNotAccepted),
            status @ (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => {
                Err(CallError::ServiceBusy {
                    status,
                    retry_after: retry_after(response.headers()),
                })
            }
            status => Err(CallError::ServiceRefused(status)),
        }
    }
}
