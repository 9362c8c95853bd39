//! Tests through the real Envoy, on the harness `dev/stack`. Each test has a stack of its own on
//! free ports.
#![allow(
    missing_docs,
    clippy::missing_errors_doc,
    reason = "it is made for tests"
)]

mod load;

use dev_stack::{Answer, Stack};

pub use load::{Load, Served};

/// What whoever has `token` is answered when they ask who they are.
pub async fn verdict(stack: &Stack, token: &str) -> anyhow::Result<String> {
    Ok(Answer::to(
        stack
            .http()
            .get(format!("{}/api/me", stack.gateway()))
            .bearer_auth(token),
    )
    .await?
    .verdict())
}
