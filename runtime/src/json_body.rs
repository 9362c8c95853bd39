use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use tokio::time::timeout;

use crate::Problem;
use crate::rejected_field::rejected_field;

/// Half of what a request may take by default. A body is a few kilobytes at most, and what it waits for is the client alone.
const TIME_FOR_A_BODY: Duration = Duration::from_secs(5);

/// A JSON object as body, refused as a problem: 400 for what is not JSON, 422 for JSON of the wrong shape, which names the field.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match timeout(TIME_FOR_A_BODY, axum::Json::<Object<T>>::from_request(request, state)).await {
            Ok(Ok(axum::Json(Object(body)))) => Ok(Self(body)),
            Ok(Err(rejection)) => Err(body_problem(&rejection)),
            Err(_) => {
                let detail = format!("the body did not arrive within {} s", TIME_FOR_A_BODY.as_secs());
                Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", detail))
            }
        }
    }
}

/// What a JSON object says. A derived `Deserialize` would also take an array of the fields' values in their order.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members))
    }
}

fn body_problem(rejection: &JsonRejection) -> Problem {
    let reason = match rejection {
        JsonRejection::JsonSyntaxError(_) => "body_not_json",
        JsonRejection::JsonDataError(_) => "body_invalid",
        JsonRejection::MissingJsonContentType(_) => "content_type_not_json",
        _ => "body_unreadable",
    };
    let problem = Problem::new(rejection.status(), reason, rejection.body_text());
    match rejected_field::<serde_json::Error>(rejection) {
        Some(field) if reason == "body_invalid" => problem.with_field(&field),
        _ => problem,
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::routing::post;
    use http::{Request, StatusCode};
    use serde_json::{Value, json};
    use tower::ServiceExt;

    use super::JsonBody;
    use crate::{BoundedText, PROBLEM_JSON};

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Title {
        #[serde(rename = "title")]
        _title: BoundedText<5>,
    }

    async fn answer(body: &'static str) -> (StatusCode, String, Value) {
        let router = Router::new().route("/", post(|_: JsonBody<Title>| async { "stored" }));
        let request = Request::post("/").header("content-type", "application/json").body(Body::from(body));
        let response = router.oneshot(request.unwrap()).await.unwrap();
        let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        let status = response.status();
        let body = to_bytes(response.into_body(), 4096).await.unwrap();
        (status, content_type, serde_json::from_slice(&body).unwrap_or_default())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_arrive_is_the_clients_fault() {
        let router = Router::new().route("/", post(|_: JsonBody<Title>| async { "stored" }));
        let never = Body::from_stream(futures::stream::pending::<Result<&str, std::io::Error>>());
        let request = Request::post("/").header("content-type", "application/json").body(never);
        assert_eq!(router.oneshot(request.unwrap()).await.unwrap().status(), StatusCode::REQUEST_TIMEOUT);
    }

    #[tokio::test]
    async fn a_bad_body_is_a_problem_that_names_the_field_and_a_good_one_is_none() {
        for (body, status, field) in [
            (r#"{"title":"#, StatusCode::BAD_REQUEST, Value::Null),
            (r#"{"title":7}"#, StatusCode::UNPROCESSABLE_ENTITY, json!("title")),
            (r#"{"title":""}"#, StatusCode::UNPROCESSABLE_ENTITY, json!("title")),
            (r#"{"title":"sixsix"}"#, StatusCode::UNPROCESSABLE_ENTITY, json!("title")),
            (r#"{"title":"a\u0000"}"#, StatusCode::UNPROCESSABLE_ENTITY, json!("title")),
            ("{}", StatusCode::UNPROCESSABLE_ENTITY, json!("title")),
            (r#"["a"]"#, StatusCode::UNPROCESSABLE_ENTITY, Value::Null),
            ("null", StatusCode::UNPROCESSABLE_ENTITY, Value::Null),
            (r#"{"title":"a","title":"b"}"#, StatusCode::UNPROCESSABLE_ENTITY, json!("title")),
            (r#"{"title":"a","extra":1}"#, StatusCode::UNPROCESSABLE_ENTITY, json!("extra")),
        ] {
            let (got, content_type, problem) = answer(body).await;
            assert_eq!((got, content_type.as_str(), &problem["field"]), (status, PROBLEM_JSON, &field), "{body}");
        }
        assert_eq!(answer(r#"{"title":"a"}"#).await.0, StatusCode::OK);
    }
}
