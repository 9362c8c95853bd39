use reqwest::{Client, StatusCode};
use serde::Serialize;
use url::Url;

use super::token_endpoint::AccessToken;
use super::{CallError, Delivery};
use portcullis_runtime::{IDEMPOTENCY_KEY, REQUEST_ID};

/// One endpoint of another service.
#[derive(Debug)]
pub(super) struct Service {
    http: Client,
    url: Url,
}

impl Service {
    /// `endpoint` below `base`, whether or not `base` has a path or ends in a slash.
    pub(super) fn new(http: Client, base: Url, endpoint: &str) -> Self {
        let mut url = base;
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(endpoint);
        }
        Self { http, url }
    }

    /// Delivered means that the service answered with success.
    pub(super) async fn post(
        &self,
        token: &AccessToken,
        body: &impl Serialize,
        delivery: Delivery<'_>,
    ) -> Result<(), CallError> {
        let request = self.http.post(self.url.clone()).bearer_auth(token.reveal()).json(body);
        let request = request.header(IDEMPOTENCY_KEY, delivery.idempotency_key);
        let request = delivery.request_id.into_iter().fold(request, |request, id| request.header(REQUEST_ID, id));
        let response = request.send().await.map_err(CallError::ServiceUnreachable)?;
        match response.status() {
            status if status.is_success() => Ok(()),
            StatusCode::UNAUTHORIZED => Err(CallError::TokenNotAccepted),
            status => Err(CallError::ServiceRefused(status)),
        }
    }
}
