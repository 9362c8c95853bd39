//! Envoy's access log and the authz server's decision records.

use std::time::Duration;

use anyhow::ensure;
use dev_stack::{Answer, Stack};
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// Returns the JSON lines of Envoy's access log and of the authz server's log.
fn logs(stack: &Stack) -> anyhow::Result<[Vec<Value>; 2]> {
    let mut found = [Vec::new(), Vec::new()];
    let [of_envoy, of_authz] = &mut found;
    for entry in std::fs::read_dir(stack.state())? {
        let file = entry?.path();
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let log = match name.as_str() {
            "envoy.log" => &mut *of_envoy,
            name if name.starts_with("portcullis") => &mut *of_authz,
            _ => continue,
        };
        let text = std::fs::read_to_string(&file)?;
        log.extend(
            text.lines()
                .filter_map(|line| serde_json::from_str(line).ok()),
        );
    }
    Ok(found)
}

/// Returns two fields of a request's line in a log, or `None` if the log has no such line.
fn logged_fields(log: &[Value], request_id: &str, names: [&str; 2]) -> Option<[String; 2]> {
    let fields = |line: &Value| line.get("fields").unwrap_or(line).clone();
    let mut lines = log.iter().map(fields);
    let line = lines.find(|line| line.get("request_id").is_some_and(|id| id == request_id))?;
    Some(names.map(|name| match line.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }))
}

/// Asserts that both logs have the outcome and reason code of each answer.
///
/// Envoy writes its log every ten seconds.
pub(super) async fn assert_logged(
    stack: &Stack,
    answers: &[(String, Answer)],
) -> anyhow::Result<()> {
    let started = Instant::now();
    for (case, answer) in answers {
        let outcome = answer.outcome();
        let (status, reason) = outcome.split_once(' ').unwrap_or((&outcome, ""));
        let outcome = if reason.is_empty() { "allow" } else { "deny" };
        let id = answer.header("x-request-id");
        let (envoy, authz) = loop {
            let [envoy, authz] = logs(stack)?;
            let found = (
                logged_fields(&envoy, id, ["status", "reason"]),
                logged_fields(&authz, id, ["outcome", "reason"]),
            );
            if let (Some(envoy), Some(authz)) = found {
                break (envoy, authz);
            }
            ensure!(
                started.elapsed() < Duration::from_secs(40),
                "{case}: not in both logs: {found:?}"
            );
            sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(envoy, [status, reason], "{case}: Envoy's access log");
        assert_eq!(
            authz,
            [outcome, reason],
            "{case}: the authz server's record"
        );
    }
    Ok(())
}
