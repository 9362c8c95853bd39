//! What `portcullis lint` names is so: each dangerous edit of the gateway that ships, named by its
//! code and tried on the real Envoy. One Envoy has a listener for each, and one for the gateway as
//! it ships, where nothing shows.
#![allow(
    clippy::indexing_slicing,
    reason = "reading a serde_json value by name answers null for what is not there"
)]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use dev_stack::directory::{ADMIN, EDITOR, NOTIFICATION, TASK_API};
use dev_stack::{Front, PortChoice};
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

const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dev/stack/policy.yaml");
const LIMIT: Duration = Duration::from_secs(10);

/// The codes that the program names for these files.
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
        serde_json::from_slice(&output.stdout).context("what lint prints")?;
    Ok(findings
        .iter()
        .filter_map(|finding| Some(finding.get("code")?.as_str()?.to_owned()))
        .collect())
}

/// The answer, up to its end or that of the connection.
async fn send(port: u16, request: &str) -> anyhow::Result<String> {
    let exchange = async {
        let mut connection = TcpStream::connect(("127.0.0.1", port)).await?;
        connection.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        // An upstream that keeps the connection answers all the same.
        while !is_whole(&answer) && connection.read_buf(&mut answer).await? > 0 {}
        anyhow::Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    timeout(LIMIT, exchange)
        .await
        .context("no answer in time")?
}

/// Whether the answer has as many bytes as it says.
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

/// The answer's status line and the request line that the service received: the rest holds tokens.
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

/// Whether the case's text shows where it should, and what showed instead.
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

/// What lint should name and does not.
fn unnamed(cases: &[Case], gateways: &[Edited]) -> anyhow::Result<Vec<String>> {
    let mut failures = Vec::new();
    for (case, gateway) in cases.iter().zip(gateways) {
        let codes = codes(gateway)?;
        if !codes.iter().any(|code| code == case.code) {
            failures.push(format!(
                "{}: lint names {codes:?}, not {}",
                case.name, case.code
            ));
        }
    }
    Ok(failures)
}

/// The cases with the tokens that they need, and the time for the service's answers.
async fn filled(
    cases: Vec<Case>,
    front: &Front,
    service: &Upstream,
    other: &Upstream,
    control: u16,
) -> anyhow::Result<Vec<Case>> {
    let log = std::fs::read_to_string(front.state().join("envoy.log"))?;
    let refused: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("rejected"))
        .collect();
    ensure!(refused.is_empty(), "Envoy refuses a case: {refused:#?}");
    let issuer = front.identity_provider();
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
async fn each_code_says_what_envoy_does() -> anyhow::Result<()> {
    let (service, other) = (Upstream::start().await?, Upstream::start().await?);
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
        "the gateway that ships has findings"
    );
    let mut failures = unnamed(&cases, &gateways)?;

    let all: Vec<Edited> = [control.clone()]
        .into_iter()
        .chain(gateways.iter().cloned())
        .collect();
    let front = gateway::start(all, &service).await?;
    let cases = filled(cases, &front, &service, &other, control.port).await?;
    for case in &cases {
        // What needs patience to show is given none here: the control comes first, and all cases
        // after it.
        if let (true, answer) = shows(case, control.port, &other, Duration::ZERO).await? {
            failures.push(format!(
                "{}: shows at the gateway that ships too: {}",
                case.name,
                brief(&answer)
            ));
        }
    }
    for (case, gateway) in cases.iter().zip(&gateways) {
        match shows(case, gateway.port, &other, LIMIT).await {
            Ok((true, _)) => {}
            Ok((false, answer)) => {
                failures.push(format!("{}: does not show: {}", case.name, brief(&answer)))
            }
            Err(error) => failures.push(format!("{}: {error:#}", case.name)),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    front.stop().await
}
