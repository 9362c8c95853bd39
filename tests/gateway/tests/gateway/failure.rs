//! Failures and restarts of the authz server and of Envoy, and slow clients.
//!
//! No request passes while the authz server is down. Restarts lose no request.

use std::time::Duration;

use anyhow::{Context, ensure};
use dev_stack::directory::{ADMIN, EDITOR, NOTIFICATION, TASK_API};
use dev_stack::{Stack, StackOptions, without_rate_limits};
use gateway_tests::{Load, outcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// Far longer than a recovery, for a busy machine. The tests print the measured time.
const RECOVERY_LIMIT: Duration = Duration::from_secs(20);

async fn recovery(stack: &Stack, token: &str) -> anyhow::Result<Duration> {
    let started = Instant::now();
    loop {
        let found = outcome(stack, token).await?;
        if found == "200" {
            return Ok(started.elapsed());
        }
        ensure!(
            started.elapsed() < RECOVERY_LIMIT,
            "after {RECOVERY_LIMIT:?} still: {found}"
        );
        sleep(Duration::from_millis(10)).await;
    }
}

fn count_reached_services(stack: &Stack) -> usize {
    stack
        .upstream_bytes()
        .iter()
        .filter(|(_, bytes)| !bytes.is_empty())
        .count()
}

/// Asserts that requests get 503 and reach no service.
async fn admits_nothing(stack: &Stack, token: &str, case: &str) -> anyhow::Result<()> {
    stack.forget_upstream_bytes();
    for _ in 0..3 {
        assert_eq!(
            outcome(stack, token).await?,
            "503 authorization_unavailable",
            "{case}"
        );
    }
    assert_eq!(count_reached_services(stack), 0, "{case}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hung_or_dead_authz_server_admits_nothing_and_recovers() -> anyhow::Result<()> {
    let mut stack =
        Stack::start_with(StackOptions::default().policies(without_rate_limits)).await?;
    let token = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    assert_eq!(outcome(&stack, &token).await?, "200");

    stack.hang_authz(true)?;
    admits_nothing(&stack, &token, "while it hangs").await?;
    stack.hang_authz(false)?;
    println!(
        "recovered from hanging after {:?}",
        recovery(&stack, &token).await?
    );

    stack.crash_authz().await?;
    admits_nothing(&stack, &token, "while it is dead").await?;
    stack.start_authz().await?;
    println!(
        "recovered from a crash after {:?}",
        recovery(&stack, &token).await?
    );
    stack.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn rolling_restart_of_two_authz_servers_loses_no_request() -> anyhow::Result<()> {
    let options = StackOptions::default()
        .authz_instances(2)
        .policies(without_rate_limits);
    let mut stack = Stack::start_with(options.authz_arguments(["--drain-delay", "2s"])).await?;
    let token = stack
        .identity_provider()
        .user_token(ADMIN, TASK_API, "access_as_user")
        .await?;
    let load = Load::start(&stack, 8, "/api/me", &token)?;
    load.answered(200).await?;
    for round in 0..2 {
        for instance in 0..2 {
            stack
                .restart_authz(instance)
                .await
                .with_context(|| format!("round {round}, instance {instance}"))?;
            load.answered(200).await?;
        }
    }
    load.stop().await?.must_be_complete(1000)?;
    stack.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn hot_restart_of_envoy_loses_no_request() -> anyhow::Result<()> {
    let mut stack =
        Stack::start_with(StackOptions::default().policies(without_rate_limits)).await?;
    let token = stack
        .identity_provider()
        .user_token(ADMIN, TASK_API, "access_as_user")
        .await?;
    let load = Load::start(&stack, 8, "/api/me", &token)?;
    load.answered(200).await?;
    for _ in 0..2 {
        stack.hot_restart_envoy().await?;
        load.answered(200).await?;
    }
    load.stop().await?.must_be_complete(600)?;
    stack.stop().await
}

/// A client that stops after a few bytes holds its connection and no more.
#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_get_408_and_do_not_starve_others() -> anyhow::Result<()> {
    let stack = Stack::start_with(StackOptions::default().policies(without_rate_limits)).await?;
    let token = stack
        .identity_provider()
        .user_token(EDITOR, NOTIFICATION, "Notify.Send")
        .await?;
    let creator = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    let mut slow = Vec::new();
    for number in 0..300 {
        let mut connection = TcpStream::connect(stack.gateway_address()).await?;
        let begin = match number % 3 {
            0 => "G".to_owned(),
            1 => "GET /notification/notifications HTTP/1.1\r\nHost: gateway\r\nX-Slow: ".to_owned(),
            _ => format!(
                "POST /api/tasks HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {creator}\r\n\
                 Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
            ),
        };
        connection.write_all(begin.as_bytes()).await?;
        slow.push(connection);
    }
    let load = Load::start(&stack, 4, "/notification/notifications", &token)?;
    load.answered(300).await?;
    load.stop().await?.must_be_complete(300)?;
    for mut connection in slow {
        let mut answer = Vec::new();
        timeout(Duration::from_mins(2), connection.read_to_end(&mut answer))
            .await
            .context("a slow client is still connected")??;
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.split(' ').nth(1).unwrap_or_default();
        ensure!(status == "408", "a slow client was answered: {answer}");
    }
    stack.stop().await
}
