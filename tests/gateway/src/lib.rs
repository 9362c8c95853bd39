//! Tests through the real Envoy, on the harness `dev/stack`.
//!
//! Each test has its own stack on free ports.
#![allow(
    missing_docs,
    clippy::missing_errors_doc,
    reason = "this crate is for tests"
)]

mod load;
mod operator;

use dev_stack::{Answer, Stack};

pub use load::{Load, Served};
pub use operator::{admin, metric, operations};

/// Sends `GET /api/me` with `token` and returns the answer's status and reason code.
pub async fn outcome(stack: &Stack, token: &str) -> anyhow::Result<String> {
    Ok(Answer::to(
        stack
            .http()
            .get(format!("{}/api/me", stack.gateway()))
            .bearer_auth(token),
    )
    .await?
    .outcome())
}
