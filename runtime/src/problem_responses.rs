//! OpenAPI descriptions of the problems that every operation can answer.
//!
//! The layers around an API send these problems.

use std::collections::BTreeMap;

use utoipa::openapi::{Content, HeaderBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, PartialSchema};

use crate::PROBLEM_JSON;

/// The problems of an operation without a body.
#[derive(Debug)]
pub struct ProblemResponses;

/// The problems of an operation with a body.
#[derive(Debug)]
pub struct BodyProblemResponses;

const EVERY: [(&str, &str); 4] = [
    ("401", "The request has no valid token."),
    ("403", "The caller may not do this."),
    ("422", "A value is invalid; `field` names it."),
    (
        "503",
        "The service is overloaded, too slow or lacks a dependency; retry after `Retry-After`.",
    ),
];
const WITH_BODY: [(&str, &str); 4] = [
    ("400", "The body is not JSON."),
    ("408", "The body did not arrive in time."),
    ("413", "The body is too large."),
    ("415", "The `Content-Type` is not JSON."),
];

impl IntoResponses for ProblemResponses {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        EVERY.into_iter().map(problem_response).collect()
    }
}

impl IntoResponses for BodyProblemResponses {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        EVERY
            .into_iter()
            .chain(WITH_BODY)
            .map(problem_response)
            .collect()
    }
}

fn problem_response((status, description): (&str, &str)) -> (String, RefOr<Response>) {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    let response = ResponseBuilder::new()
        .description(description)
        .content(PROBLEM_JSON, content);
    let text = HeaderBuilder::new().schema(Some(String::schema()));
    let response = match status {
        "401" => response.header(
            "WWW-Authenticate",
            text.description(Some("RFC 6750")).build(),
        ),
        "503" => response.header(
            "Retry-After",
            text.description(Some("Seconds to wait")).build(),
        ),
        _ => response,
    };
    (status.to_owned(), RefOr::T(response.build()))
}
