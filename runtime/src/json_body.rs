use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use portcullis_reason_codes::{
    BODY_INVALID, BODY_NOT_JSON, BODY_TOO_SLOW, BODY_UNREADABLE, CONTENT_TYPE_NOT_JSON,
};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use tokio::time::timeout;

use crate::Problem;
use crate::rejected_field::{RejectedField, path_error};

/// Maximum time for a body to arrive: half of a request's default.
///
/// A body has a few kilobytes at most, and only the client can delay it.
const TIME_FOR_A_BODY: Duration = Duration::from_secs(5);

/// Extractor of a body that is a JSON object.
///
/// It answers an invalid body with a problem: 400 if the body is not JSON, 422 if the JSON has
/// the wrong shape. The 422 names the field.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match timeout(
            TIME_FOR_A_BODY,
            axum::Json::<Object<T>>::from_request(request, state),
        )
        .await
        {
            Ok(Ok(axum::Json(Object(body)))) => Ok(Self(body)),
            Ok(Err(rejection)) => Err(body_problem(&rejection)),
            Err(_) => {
                let detail = format!(
                    "the body did not arrive within {} s",
                    TIME_FOR_A_BODY.as_secs()
                );
                Err(Problem::new(
                    StatusCode::REQUEST_TIMEOUT,
                    BODY_TOO_SLOW,
                    detail,
                ))
            }
        }
    }
}

/// The value of a JSON object.
///
/// A derived `Deserialize` would also accept an array of the fields' values in order.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_map(ObjectVisitor(PhantomData))
            .map(Self)
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
    let rejected = RejectedField::of::<serde_json::Error>(rejection);
    let (reason, detail) = match (rejection, &rejected) {
        (JsonRejection::JsonSyntaxError(error), _) => (BODY_NOT_JSON, syntax_detail(error)),
        (JsonRejection::JsonDataError(_), Some(rejected)) => {
            (BODY_INVALID, rejected.detail("the body"))
        }
        (JsonRejection::JsonDataError(_), None) => (
            BODY_INVALID,
            "the body does not match this operation; see /openapi.json".to_owned(),
        ),
        (JsonRejection::MissingJsonContentType(_), _) => (
            CONTENT_TYPE_NOT_JSON,
            "send the body with Content-Type: application/json".to_owned(),
        ),
        _ if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => (
            BODY_UNREADABLE,
            "the body is larger than this service accepts".to_owned(),
        ),
        _ => (
            BODY_UNREADABLE,
            "the body could not be read to its end; send it again".to_owned(),
        ),
    };
    let problem = Problem::new(rejection.status(), reason, detail);
    match rejected.and_then(|rejected| rejected.name) {
        Some(field) if reason == BODY_INVALID => problem.with_field(&field),
        _ => problem,
    }
}

/// The JSON parser's message, with line and column. It contains no name of a Rust type.
fn syntax_detail(error: &(dyn Error + 'static)) -> String {
    match path_error::<serde_json::Error>(error) {
        Some(cause) => format!("the body is not JSON: {}", cause.inner()),
        None => "the body is not JSON".to_owned(),
    }
}

#[cfg(test)]
mod tests;
