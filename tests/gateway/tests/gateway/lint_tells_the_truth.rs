//! Each finding code of `portcullis lint` matches what the real Envoy does.
//!
//! Each case is a dangerous edit of the shipped gateway, which lint must report. One Envoy has a
//! listener for each case, and one for the shipped gateway, where no case shows its effect.
#![allow(
    clippy::indexing_slicing,
    reason = "indexing a serde_json value by a missing name gives null"
)]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use dev_stack::directory::{ADMIN, EDITOR, NOTIFICATION, TASK_API};
use dev_stack::{GatewayOnly, PortChoice};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use cases::{Case, Shown, Tokens, cases, telling};
use gateway::{Edited, Others, edited};
use upstream::Upstream;

mod cases;
mod edits;
mod gateway;
mod generous;
mod upstream;

const POLICY: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/policies/task-suite.yaml"
);
const LIMIT: Duration = Duration::from_secs(10);

/// Runs `portcullis lint` on these files and returns the codes of its findings.
fn codes(gateway: &Edited) -> anyhow::Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    gateway.files.write(folder.path())?;
    let mut command = Command::new(dev_stack::program("portcullis")?);
    command.arg("lint").arg("--envoy").arg(folder.path());
    let output = command
        .arg("--policy")
        .arg(Path::new(POLICY))
        .args(["--format", "json"])
        .output()?;
    let findings: Vec<Value> =
        serde_json::from_slice(&output.stdout).context("lint does not print JSON")?;
    Ok(findings
        .iter()
        .filter_map(|finding| Some(finding.get("code")?.as_str()?.to_owned()))
        .collect())
}

/// Sends a request and reads the answer, up to its end or that of the connection.
async fn send(port: u16, request: &str) -> anyhow::Result<String> {
    let exchange = async {
        let mut connection = TcpStream::connect(("127.0.0.1", port)).await?;
        connection.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        // An upstream may keep the connection open after a whole answer.
        while !is_whole(&answer) && connection.read_buf(&mut answer).await? > 0 {}
        anyhow::Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    timeout(LIMIT, exchange)
        .await
        .context("no answer in time")?
}

/// Returns whether the answer is as long as its Content-Length.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}

/// Returns the status line, and the request line that the service received.
///
/// The rest of the answer holds tokens.
fn brief(answer: &str) -> String {
    let lines = [
        answer.lines().next(),
        answer
            .split("\r\n\r\n")
            .nth(1)
            .and_then(|body| body.lines().next()),
    ];
    lines.into_iter().flatten().collect::<Vec<_>>().join(" / ")
}

/// Returns whether the text of the case shows in its place, and the answer.
async fn shows(
    case: &Case,
    port: u16,
    other: &Upstream,
    patience: Duration,
) -> anyhow::Result<(bool, String)> {
    if let Some(before) = &case.before {
        send(port, before).await?;
    }
    let answer = send(port, &case.request).await?.to_lowercase();
    if case.shown == Shown::InAnswer {
        return Ok((answer.contains(case.text), answer));
    }
    let started = Instant::now();
    while !other.received().contains(case.text) && started.elapsed() < patience {
        sleep(Duration::from_millis(20)).await;
    }
    Ok((other.received().contains(case.text), answer))
}

/// Returns an error for each case whose code lint does not report.
fn unreported(cases: &[Case], gateways: &[Edited]) -> anyhow::Result<Vec<String>> {
    let mut failures = Vec::new();
    for (case, gateway) in cases.iter().zip(gateways) {
        let codes = codes(gateway)?;
        if !codes.iter().any(|code| code == case.code) {
            failures.push(format!(
                "{}: lint reports {codes:?}, not {}",
                case.name, case.code
            ));
        }
    }
    Ok(failures)
}

/// Fills tokens into the cases, and gives `service` the current date for its answers.
async fn filled(
    cases: Vec<Case>,
    gateway: &GatewayOnly,
    service: &Upstream,
    other: &Upstream,
    control: u16,
) -> anyhow::Result<Vec<Case>> {
    let log = std::fs::read_to_string(gateway.state().join("envoy.log"))?;
    let rejected: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("rejected"))
        .collect();
    ensure!(rejected.is_empty(), "Envoy rejects a case: {rejected:#?}");
    let issuer = gateway.identity_provider();
    let tokens = Tokens {
        tasks: issuer.user_token(ADMIN, TASK_API, "access_as_user").await?,
        notices: issuer
            .user_token(ADMIN, NOTIFICATION, "Notify.Send")
            .await?,
        notices_of_another: issuer
            .user_token(EDITOR, NOTIFICATION, "Notify.Send")
            .await?,
    };
    let first = send(
        control,
        "GET / HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n",
    )
    .await?;
    service.tell_date(
        first
            .lines()
            .find_map(|line| line.strip_prefix("date: "))
            .context("a date")?,
    );
    let filled = cases.into_iter().enumerate();
    Ok(filled
        .map(|(index, case)| case.filled(index + 1, &tokens, other))
        .collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn lint_codes_match_what_envoy_does() -> anyhow::Result<()> {
    let service = Upstream::start().await?;
    let other = Upstream::start().await?;
    let others = Others {
        other: other.port,
        generous: generous::start().await?,
    };
    let cases = cases();
    let ports: Vec<u16> = (0..=cases.len())
        .map(|_| PortChoice::AnyFree.pick(0))
        .collect::<Result<_, _>>()?;
    let mut ports = ports.into_iter();
    let control = edited(&telling(), others, ports.next().context("a port")?)?;
    let made = cases.iter().zip(ports);
    let made =
        made.map(|(case, port)| edited(&case.edits, others, port).with_context(|| case.name));
    let gateways: Vec<Edited> = made.collect::<anyhow::Result<_>>()?;
    ensure!(
        codes(&control)?.is_empty(),
        "the shipped gateway has findings"
    );
    let mut failures = unreported(&cases, &gateways)?;

    let all: Vec<Edited> = [control.clone()]
        .into_iter()
        .chain(gateways.iter().cloned())
        .collect();
    let gateway = gateway::start(all, &service).await?;
    let cases = filled(cases, &gateway, &service, &other, control.port).await?;
    for case in &cases {
        // The control does not wait for a late effect, because all controls run before the cases.
        if let (true, answer) = shows(case, control.port, &other, Duration::ZERO).await? {
            failures.push(format!(
                "{}: shows at the shipped gateway too: {}",
                case.name,
                brief(&answer)
            ));
        }
    }
    for (case, gateway) in cases.iter().zip(&gateways) {
        match shows(case, gateway.port, &other, LIMIT).await {
            Ok((true, _)) => {}
            Ok((false, answer)) => {
                failures.push(format!("{}: does not show: {}", case.name, brief(&answer)));
            }
            Err(error) => failures.push(format!("{}: {error:#}", case.name)),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    gateway.stop().await
}
