use axum::Json;
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;
use uuid::Uuid;

/// A successful answer.
pub(super) enum Reply {
    Json(Value),
    /// A new object, and its URL.
    Created(Value, String),
    /// A number as text, of `/$count`.
    Count(usize),
    NoContent,
}

/// The ids by which a request is found in logs.
pub(super) struct RequestIds {
    pub(super) request: String,
    /// What the client sent, if that is a UUID; otherwise the id of the request.
    pub(super) client: String,
}

impl RequestIds {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let request = Uuid::new_v4().to_string();
        let client = headers
            .get("client-request-id")
            .and_then(|value| Uuid::parse_str(value.to_str().ok()?).ok());
        Self {
            client: client.map_or_else(|| request.clone(), |id| id.to_string()),
            request,
        }
    }

    pub(super) fn headers(&self) -> AppendHeaders<Vec<(HeaderName, HeaderValue)>> {
        let ids = [
            ("request-id", &self.request),
            ("client-request-id", &self.client),
        ];
        let headers = ids.into_iter().filter_map(|(name, id)| {
            let value = HeaderValue::from_str(id).ok()?;
            Some((HeaderName::from_static(name), value))
        });
        AppendHeaders(headers.collect())
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        match self {
            Self::Json(value) => Json(value).into_response(),
            Self::Created(value, url) => {
                (StatusCode::CREATED, [(header::LOCATION, url)], Json(value)).into_response()
            }
            Self::Count(count) => count.to_string().into_response(),
            Self::NoContent => StatusCode::NO_CONTENT.into_response(),
        }
    }
}
