//! OpenAPI descriptions of the problems of operations on one task.

use std::collections::BTreeMap;

use portcullis_runtime::PROBLEM_JSON;
use utoipa::IntoResponses;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};

/// There is no such task within the caller's reach.
#[derive(Debug)]
pub(super) struct TaskNotFound;

/// `If-Match` asks for another version.
#[derive(Debug)]
pub(super) struct OtherVersion;

impl IntoResponses for TaskNotFound {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problem("404", "The caller may use no such task.")
    }
}

impl IntoResponses for OtherVersion {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problem("412", "The task has another version.")
    }
}

fn problem(status: &str, description: &str) -> BTreeMap<String, RefOr<Response>> {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    let response = ResponseBuilder::new()
        .description(description)
        .content(PROBLEM_JSON, content)
        .build();
    BTreeMap::from([(status.to_owned(), RefOr::T(response))])
}
