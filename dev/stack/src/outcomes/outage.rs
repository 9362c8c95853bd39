//! While the authz server is down, no request passes. After its restart, requests pass again.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{ROUTES, Row, Rows};
use crate::Stack;
use crate::caller::Caller;
use crate::directory::{ADMIN, NOTIFICATION, TASK_API};

const RECOVERY: Duration = Duration::from_secs(2);

pub(super) async fn rows(stack: &mut Stack) -> anyhow::Result<Vec<Row>> {
    let mut rows = Rows::default();
    let token = stack
        .identity_provider()
        .user_token(ADMIN, TASK_API, "access_as_user")
        .await?;
    stack.stop_authz().await?;
    stack.forget_upstream_bytes();
    for (method, path) in ROUTES {
        let answer = Caller {
            stack,
            token: Some(&token),
        }
        .send(method.parse()?, path, None)
        .await?;
        rows.status(
            format!("{method} {path} while the authz server is down"),
            "503 authorization_unavailable",
            &answer,
        );
    }
    let reached = stack
        .upstream_bytes()
        .iter()
        .filter(|(_, bytes)| !bytes.is_empty())
        .count();
    rows.add(
        "services that saw these requests",
        "0 services",
        format!("{reached} services"),
    );
    stack.start_authz().await?;
    // The task API shares a key; the notification service must fetch the new public one.
    let other = stack
        .identity_provider()
        .user_token(ADMIN, NOTIFICATION, "Notify.Send")
        .await?;
    for (path, token) in [("/api/me", &token), ("/notification/notifications", &other)] {
        let tried = format!("GET {path} once it is back");
        rows.add(tried, "200 within 2 s", recovery(stack, path, token).await?);
    }
    Ok(rows.done())
}

async fn recovery(stack: &Stack, path: &str, token: &str) -> anyhow::Result<String> {
    let back = Instant::now();
    loop {
        let answer = Caller {
            stack,
            token: Some(token),
        }
        .get(path)
        .await?;
        let elapsed = back.elapsed();
        if answer.status.is_success() && elapsed <= RECOVERY {
            return Ok("200 within 2 s".to_owned());
        }
        if elapsed > RECOVERY {
            return Ok(format!(
                "{} after {} ms",
                answer.outcome(),
                elapsed.as_millis()
            ));
        }
        sleep(Duration::from_millis(20)).await;
    }
}
