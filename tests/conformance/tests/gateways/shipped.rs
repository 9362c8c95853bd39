//! The shipped conformance program finds nothing in the shipped gateway.

use std::io::BufRead;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};
use conformance_tests::{PROTECTED, PUBLIC, shipped_envoy};
use dev_stack::{PortChoice, ServiceTokens};
use serde_json::Value;

/// The services behind the gateway, each of which has routes of every kind.
const SERVICES: u64 = 3;

/// A process of `portcullis-conformance echo`, which is killed when the test ends.
struct Echo {
    child: Child,
    traffic: u16,
    records: u16,
}

impl Echo {
    fn start() -> anyhow::Result<Self> {
        let traffic = PortChoice::AnyFree.pick(0)?;
        let records = PortChoice::AnyFree.pick(0)?;
        let mut child = Command::new(dev_stack::program("portcullis-conformance")?)
            .args(["echo", "--listen", &format!("127.0.0.1:{traffic}")])
            .args(["--records-listen", &format!("127.0.0.1:{records}")])
            .stderr(Stdio::piped())
            .spawn()?;
        // The echo writes this line once both ports are bound.
        let mut line = String::new();
        std::io::BufReader::new(child.stderr.take().context("standard error")?)
            .read_line(&mut line)?;
        let echo = Self {
            child,
            traffic,
            records,
        };
        ensure!(
            line.contains("the echo serves"),
            "the echo did not start: {line}"
        );
        Ok(echo)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _waited = self.child.wait();
    }
}

fn run(
    echo: &Echo,
    gateway: &str,
    tokens: &ServiceTokens,
    folder: &Path,
) -> anyhow::Result<(Option<i32>, String)> {
    let mut command = Command::new(dev_stack::program("portcullis-conformance")?);
    command.args(["run", "--format", "json", "--gateway", gateway]);
    command.args(["--echo", &format!("http://127.0.0.1:{}", echo.records)]);
    for (number, path) in PROTECTED.iter().enumerate() {
        let file = folder.join(format!("{number}.token"));
        std::fs::write(&file, tokens.opening(path))?;
        command
            .args(["--protected", path])
            .arg("--token-file")
            .arg(file);
    }
    for path in PUBLIC {
        command.args(["--public", path]);
    }
    let output = command.stderr(Stdio::inherit()).output()?;
    Ok((output.status.code(), String::from_utf8(output.stdout)?))
}

#[tokio::test(flavor = "multi_thread")]
async fn shipped_gateway_has_no_findings() -> anyhow::Result<()> {
    let echo = Echo::start()?;
    let gateway = shipped_envoy(echo.traffic).await?;
    let tokens = ServiceTokens::request(gateway.identity_provider()).await?;
    let folder = tempfile::tempdir()?;
    let (code, text) = run(
        &echo,
        &format!("http://{}", gateway.gateway()),
        &tokens,
        folder.path(),
    )?;
    let report: Value =
        serde_json::from_str(&text).with_context(|| format!("exit code {code:?}: {text}"))?;
    let groups = report["groups"].as_array().context("groups")?;
    let findings: Vec<&Value> = groups
        .iter()
        .filter_map(|group| group["findings"].as_array())
        .flatten()
        .collect();
    let first: Vec<&&Value> = findings.iter().take(10).collect();
    assert!(
        findings.is_empty() && code == Some(0),
        "exit code {code:?}, {} findings: {first:#?}",
        findings.len()
    );

    let count = |name: &str, member: &str| {
        let group = groups.iter().find(|group| group["name"] == name);
        group
            .and_then(|group| group[member].as_u64())
            .unwrap_or_default()
    };
    for version in ["h1", "h2"] {
        for route in ["protected", "public", "preflight", "unknown"] {
            let name = format!("headers, {route}, {version}");
            assert!(
                count(&name, "cases") >= 1_000 * SERVICES,
                "{name}: {}",
                count(&name, "cases")
            );
            // The gateway removes a spoofed header and passes the rest of the request. Without
            // requests that reach a service, the check would show nothing.
            let reaches = matches!(route, "protected" | "public");
            assert_eq!(
                count(&name, "reached") > 1_000,
                reaches,
                "{name}: {} reached",
                count(&name, "reached")
            );
        }
        let paths: u64 = ["no token", "another token"]
            .iter()
            .map(|kind| count(&format!("paths, {kind}, {version}"), "cases"))
            .sum();
        assert!(paths >= 10_000, "paths over {version}: {paths}");
        assert!(
            count(&format!("smuggling, {version}"), "cases") >= 250,
            "smuggling over {version}"
        );
    }
    assert!(count("smuggling, h1", "cases") >= 1_000);
    // `stop` fails if the gateway does not end cleanly, for example amid a request.
    gateway.stop().await
}
