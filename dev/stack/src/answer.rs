use http::{HeaderMap, StatusCode};
use reqwest::RequestBuilder;
use serde_json::Value;

/// The response to a request, with its JSON body.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null if it is not JSON.
    pub body: Value,
}

impl Answer {
    /// Sends `request` and reads the whole response.
    pub async fn to(request: RequestBuilder) -> anyhow::Result<Self> {
        let response = request.send().await?;
        let status = response.status();
        let headers = response.headers().clone();
        let body = serde_json::from_slice(&response.bytes().await?).unwrap_or_default();
        Ok(Self {
            status,
            headers,
            body,
        })
    }

    /// A header's value, or an empty string.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Status and reason code, such as `401 token_expired`, after a check of the problem's shape
    /// (RFC 9457).
    #[must_use]
    pub fn outcome(&self) -> String {
        let status = self.status.as_u16();
        if !self.status.is_client_error() && !self.status.is_server_error() {
            return status.to_string();
        }
        // Envoy denies a malformed request before it gives it an id.
        let has_id = self.body["request_id"].is_string() || self.status == StatusCode::BAD_REQUEST;
        let reason = self.body["reason"].as_str().unwrap_or_default();
        let is_problem = self.header("content-type") == "application/problem+json"
            && self.body["status"] == status
            && self.body["type"] == format!("/reason-codes#{reason}")
            && ["title", "detail", "reason"]
                .iter()
                .all(|member| self.body[*member].is_string());
        if is_problem && has_id {
            format!("{status} {reason}")
        } else {
            format!("{status} without a problem body")
        }
    }

    /// The challenge of a 401 or 403 up to its error, such as `Bearer error="invalid_token"`.
    #[must_use]
    pub fn challenge(&self) -> &str {
        self.header("www-authenticate")
            .split(',')
            .next()
            .unwrap_or_default()
    }
}
