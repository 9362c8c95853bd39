//! Compares the running services with the OpenAPI documents that they serve.
//!
//! An independent program, schemathesis, reads each document and generates requests from it.
