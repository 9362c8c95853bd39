//! Errors to clients: `application/problem+json` (RFC 9457), one shape from the gate and from every service.

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The media type of RFC 9457 §3.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A problem that a client can act on.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Boxed, since it is the error of every handler and extractor.
    members: Box<Members>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// The members of RFC 9457 §3.1, and two of ours.
#[derive(Clone, Debug, Serialize)]
struct Members {
    status: u16,
    /// The status in words, the same for every problem of this status.
    title: &'static str,
    detail: String,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Problem {
    /// A problem with `status`, a stable `reason` code and a sentence for a person.
    pub fn new(status: StatusCode, reason: &str, detail: impl Into<String>) -> Self {
        let members = Members {
            status: status.as_u16(),
            title: status.canonical_reason().unwrap_or("Error"),
            detail: detail.into(),
            reason: reason.to_owned(),
            request_id: None,
        };
        Self { members: Box::new(members), headers: Vec::new() }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.members.status
    }

    /// The stable code for programs, such as `token_expired`.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.members.reason
    }

    /// What happened and what to do about it, for a person.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.members.detail
    }

    /// An answer to a fault of ours: the cause goes to the log, the client learns only that it may try again.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(cause = %cause, "request failed by a fault of this service");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "the service failed; try again later")
    }

    /// Adds the id that the gate's and the service's logs carry for this request.
    #[must_use]
    pub fn with_request_id(mut self, id: &str) -> Self {
        self.members.request_id = Some(id.to_owned());
        self
    }

    /// Adds a response header, such as the challenge of a 401.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The body, as the bytes to send.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Five strings and a number always serialize.
        serde_json::to_string(&self.members).unwrap_or_default()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.members.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], self.to_json()).into_response();
        response.headers_mut().extend(self.headers.iter().cloned());
        // The request's log line is written where its id is known; that is where the body gets the id (see `request_log`).
        response.extensions_mut().insert(self);
        response
    }
}

/// A JSON body, refused as a problem: 400 for what is not JSON, 422 for JSON of the wrong shape.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(body_problem(&rejection)),
        }
    }
}

fn body_problem(rejection: &JsonRejection) -> Problem {
    let reason = match rejection {
        JsonRejection::JsonSyntaxError(_) => "body_not_json",
        JsonRejection::JsonDataError(_) => "body_invalid",
        JsonRejection::MissingJsonContentType(_) => "content_type_not_json",
        _ => "body_unreadable",
    };
    Problem::new(rejection.status(), reason, rejection.body_text())
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body as HttpBody;
    use axum::routing::post;
    use http::{Request, StatusCode};
    use tower::ServiceExt;

    use super::{Body, PROBLEM_JSON};

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Title {
        #[serde(rename = "title")]
        _title: String,
    }

    async fn status_of(body: &'static str) -> (StatusCode, String) {
        let router = Router::new().route("/", post(|_: Body<Title>| async { "stored" }));
        let request = Request::post("/").header("content-type", "application/json").body(HttpBody::from(body));
        let response = router.oneshot(request.unwrap()).await.unwrap();
        let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        (response.status(), content_type)
    }

    #[tokio::test]
    async fn a_bad_body_is_a_problem_and_a_good_one_is_not() {
        for (body, status) in [
            (r#"{"title":"#, StatusCode::BAD_REQUEST),
            (r#"{"title":7}"#, StatusCode::UNPROCESSABLE_ENTITY),
            (r#"{"title":"a","extra":1}"#, StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            assert_eq!(status_of(body).await, (status, PROBLEM_JSON.to_owned()), "{body}");
        }
        assert_eq!(status_of(r#"{"title":"a"}"#).await.0, StatusCode::OK);
    }
}
