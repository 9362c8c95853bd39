//! The refusals that every operation has, for the documents: those that the layers around an API
//! answer.

use std::collections::BTreeMap;

use utoipa::openapi::{Content, HeaderBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, PartialSchema};

use crate::PROBLEM_JSON;

/// The refusals of an operation without a body.
#[derive(Debug)]
pub struct Refusals;

/// The refusals of an operation with a body.
#[derive(Debug)]
pub struct BodyRefusals;

const EVERY: [(&str, &str); 4] = [
    ("401", "No token, or none that is good here."),
    ("403", "The caller may not do this."),
    ("422", "Well-formed and not acceptable; `field` says where."),
    (
        "503",
        "Too busy, too slow or without what it needs; try again after `Retry-After`.",
    ),
];
const WITH_BODY: [(&str, &str); 4] = [
    ("400", "The body is not JSON."),
    ("408", "The body did not arrive in time."),
    ("413", "The body is too large."),
    ("415", "The body is not announced as JSON."),
];

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        EVERY.into_iter().map(refusal).collect()
    }
}

impl IntoResponses for BodyRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        EVERY.into_iter().chain(WITH_BODY).map(refusal).collect()
    }
}

fn refusal((status, description): (&str, &str)) -> (String, RefOr<Response>) {
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
