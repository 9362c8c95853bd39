//! The services beside the OpenAPI documents that they serve.

mod documents;
mod live;
