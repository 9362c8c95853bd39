//! Each outcome that `make demo` shows passes.

use anyhow::Context;
use dev_stack::{Row, Stack, outcomes};

async fn passes(name: &str) -> anyhow::Result<()> {
    let mut stack = Stack::start_apart().await?;
    let group = outcomes::GROUPS
        .into_iter()
        .find(|group| group.name == name);
    let rows = (group.context("no group has this name")?.run)(&mut stack).await?;
    stack.stop().await?;
    let failed: Vec<&Row> = rows.iter().filter(|row| !row.passed()).collect();
    assert!(failed.is_empty() && !rows.is_empty(), "{failed:#?}");
    Ok(())
}

macro_rules! outcomes {
    ($($test:ident = $group:literal),+ $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $test() -> anyhow::Result<()> {
            passes($group).await
        })+

        #[test]
        fn every_outcome_of_the_demo_is_a_test() {
            assert_eq!([$($group),+], outcomes::GROUPS.map(|group| group.name));
        }
    };
}

outcomes! {
    tasks_with_a_v2_token = "tasks with a v2 token",
    tasks_with_a_v1_token = "tasks with a v1 token",
    roles = "roles",
    bad_tokens = "bad tokens",
    spoofed_identity = "spoofed identity",
    assertions = "assertions",
    round_the_gateway = "round the gateway",
    rate_limit = "rate limit",
    cross_origin = "cross-origin",
    unknown_paths = "unknown paths",
    the_authz_server_is_down = "the authz server is down",
}
