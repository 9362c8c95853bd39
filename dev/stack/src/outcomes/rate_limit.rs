//! The rate limit of 100 requests a minute counts each user separately.

use super::{Row, Rows};
use crate::Stack;
use crate::caller::Caller;
use crate::directory::{ADMIN, NOTIFICATION, READER};

pub(super) async fn rows(stack: &Stack) -> anyhow::Result<Vec<Row>> {
    let mut rows = Rows::default();
    let issuer = stack.identity_provider();
    let reader = issuer
        .user_token(READER, NOTIFICATION, "Notify.Send")
        .await?;
    let admin = issuer
        .user_token(ADMIN, NOTIFICATION, "Notify.Send")
        .await?;
    let path = "/notification/notifications";
    let reader = Caller {
        stack,
        token: Some(&reader),
    };
    let mut passed = 0;
    for _ in 0..100 {
        passed += usize::from(reader.get(path).await?.status.is_success());
    }
    rows.add(
        "100 requests of one user",
        "100 pass",
        format!("{passed} pass"),
    );
    let denied = reader.get(path).await?;
    let seconds: u64 = denied.header("retry-after").parse().unwrap_or_default();
    let when = if (1..=60).contains(&seconds) {
        "within a minute"
    } else {
        "at no sensible time"
    };
    rows.add(
        "the 101st",
        "429 rate_limited, to be retried within a minute",
        format!("{}, to be retried {when}", denied.outcome()),
    );
    let quota = format!(
        "{} {}",
        denied.header("ratelimit-policy"),
        denied
            .header("ratelimit")
            .split(";t=")
            .next()
            .unwrap_or_default()
    );
    rows.add(
        "its quota",
        "\"notifications\";q=100;w=60 \"notifications\";r=0",
        quota,
    );
    rows.status(
        "another user meanwhile",
        "200",
        &Caller {
            stack,
            token: Some(&admin),
        }
        .get(path)
        .await?,
    );
    Ok(rows.done())
}
