//! Tests of the services against their OpenAPI documents.

mod documents;
mod live;
