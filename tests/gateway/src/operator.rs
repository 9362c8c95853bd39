use anyhow::Context;
use dev_stack::Stack;
use reqwest::{Method, StatusCode};
use serde_json::Value;

/// Sends a request to the admin API of the first authz server. The body is null if it is not JSON.
pub async fn admin(
    stack: &Stack,
    method: Method,
    path: &str,
) -> anyhow::Result<(StatusCode, Value)> {
    let response = stack
        .http()
        .request(method, format!("{}{path}", stack.admin_api()))
        .send()
        .await?;
    let status = response.status();
    let text = response.text().await?;
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
}

/// Returns what the operations listener of the first authz server answers at `path`.
pub async fn operations(stack: &Stack, path: &str) -> anyhow::Result<String> {
    let url = format!("{}{path}", stack.authz_operations());
    let response = stack.http().get(&url).send().await.context(url)?;
    Ok(response.text().await?)
}

/// Returns the value of a metric of the first authz server, whose line begins with `line`.
pub async fn metric(stack: &Stack, line: &str) -> anyhow::Result<Option<String>> {
    let metrics = operations(stack, "/metrics").await?;
    Ok(metrics
        .lines()
        .find_map(|found| found.strip_prefix(line))
        .map(|value| value.trim().to_owned()))
}
