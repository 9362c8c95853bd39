//! Paths without a route are not found, and an escaped slash is malformed.

use super::{Row, Rows};
use crate::Stack;
use crate::caller::Caller;
use crate::directory::{ADMIN, TASK_API};

pub(super) async fn rows(stack: &Stack) -> anyhow::Result<Vec<Row>> {
    let mut rows = Rows::default();
    let token = stack
        .identity_provider()
        .user_token(ADMIN, TASK_API, "access_as_user")
        .await?;
    for token in [None, Some(token.as_str())] {
        let with = if token.is_some() { "with" } else { "without" };
        for path in [
            "/nowhere",
            "/health",
            "/notification/health",
            "/auditing/health",
            "/api/tasks/1/2",
            "/livez",
            "/metrics",
        ] {
            let answer = Caller { stack, token }.get(path).await?;
            rows.status(
                format!("{path} {with} a token"),
                "404 route_not_found",
                &answer,
            );
        }
    }
    let answer = Caller {
        stack,
        token: Some(&token),
    }
    .get("/api/tasks/..%2f..%2fhealth")
    .await?;
    rows.status("an escaped slash", "400 request_malformed", &answer);
    Ok(rows.done())
}
