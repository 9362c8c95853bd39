//! Tests through the real Envoy, on the harness `dev/stack`. Each test has a stack of its own on free ports.
#![allow(missing_docs, clippy::missing_errors_doc, reason = "it is made for tests")]

mod load;

pub use load::{Load, Served};
