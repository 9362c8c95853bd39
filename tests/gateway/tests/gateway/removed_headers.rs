//! No spelling of a header of `docs/identity-headers.md` reaches a service.
#![allow(
    clippy::unwrap_used,
    reason = "a test and its helpers may fail by panicking"
)]

use anyhow::Context;
use dev_stack::directory::{EDITOR, TASK_API};
use dev_stack::{Answer, Stack, StackOptions, without_rate_limits};
use portcullis_conformance::removed::{self, RemovedHeader};
use reqwest::Client;
use reqwest::header::{HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A string that no name, path or token of the stack has, in lower case like the tap's bytes.
const CANARY: &str = "spoofed-by-client";
/// All characters of a header name (RFC 9110 §5.6.2) except letters, digits and `_`.
///
/// `-` gives the name itself.
const SEPARATORS: &str = "-!#$%&'*+.^`|~";
/// Headers of one request. With those of the client they stay below the limit of 64.
const BATCH: usize = 50;

async fn start() -> anyhow::Result<(Stack, String)> {
    let stack = Stack::start_with(StackOptions::default().policies(without_rate_limits)).await?;
    let token = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    Ok((stack, token))
}

/// Returns each name with each separator.
fn spellings() -> Vec<String> {
    let names = removed::headers().flat_map(RemovedHeader::names);
    let names: Vec<String> = names
        .chain(removed::WRITTEN_BY_ENVOY.map(str::to_owned))
        .collect();
    let spelt = |separator: char| {
        names
            .iter()
            .map(move |name| name.replace('-', &separator.to_string()))
    };
    let mut all: Vec<String> = SEPARATORS.chars().flat_map(spelt).collect();
    all.sort();
    all.dedup();
    all
}

/// Sends a request over HTTP/1.1 and returns its status and the bytes that reached services.
async fn http1(stack: &Stack, token: &str, lines: &str) -> anyhow::Result<(String, String)> {
    stack.forget_upstream_bytes();
    let mut connection = TcpStream::connect(stack.gateway_address()).await?;
    let head = format!(
        "GET /api/me HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\n\
         Connection: close\r\n{lines}\r\n"
    );
    connection.write_all(head.as_bytes()).await?;
    // Not to the end: after an error Envoy keeps the connection open for a second.
    let mut answer = [0; 1024];
    let length = connection.read(&mut answer).await?;
    let answer = String::from_utf8_lossy(answer.get(..length).unwrap_or_default());
    let status = answer.split(' ').nth(1).context("an answer")?.to_owned();
    Ok((
        status,
        stack
            .upstream_bytes()
            .into_iter()
            .map(|(_, bytes)| bytes)
            .collect(),
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_a_removed_header_reaches_a_service_over_http1() -> anyhow::Result<()> {
    let (stack, token) = start().await?;
    let all = spellings();
    assert!(all.len() > 2_500, "{}", all.len());
    for batch in all.chunks(BATCH) {
        for upper in [false, true] {
            let written = |name: &String| {
                if upper {
                    name.to_ascii_uppercase()
                } else {
                    name.clone()
                }
            };
            let lines: Vec<String> = batch
                .iter()
                .map(|name| format!("{}: {CANARY}\r\n", written(name)))
                .collect();
            let (status, seen) = http1(&stack, &token, &lines.concat()).await?;
            assert!(
                status == "200" && seen.contains("get /api/me "),
                "{status} for {batch:?}"
            );
            assert!(!seen.contains(CANARY), "{seen}");
        }
    }
    stack.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_a_removed_header_reaches_a_service_over_http2() -> anyhow::Result<()> {
    let (stack, token) = start().await?;
    let client = Client::builder()
        .no_proxy()
        .http2_prior_knowledge()
        .build()?;
    for batch in spellings().chunks(BATCH) {
        stack.forget_upstream_bytes();
        let mut request = client
            .get(format!("{}/api/me", stack.gateway()))
            .bearer_auth(&token);
        for name in batch {
            request = request.header(
                HeaderName::from_bytes(name.as_bytes())?,
                HeaderValue::from_static(CANARY),
            );
        }
        assert_eq!(Answer::to(request).await?.outcome(), "200", "{batch:?}");
        let seen: String = stack
            .upstream_bytes()
            .into_iter()
            .map(|(_, bytes)| bytes)
            .collect();
        assert!(
            seen.contains("get /api/me ") && !seen.contains(CANARY),
            "{seen}"
        );
    }
    stack.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn underscore_in_a_removed_header_gets_400() -> anyhow::Result<()> {
    let (stack, token) = start().await?;
    for name in removed::headers()
        .flat_map(RemovedHeader::names)
        .filter(|name| name.contains('-'))
    {
        let line = format!("{}: {CANARY}\r\n", name.replace('-', "_"));
        let (status, seen) = http1(&stack, &token, &line).await?;
        assert_eq!((status.as_str(), seen.as_str()), ("400", ""), "{line}");
    }
    stack.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn ordinary_headers_reach_the_service() -> anyhow::Result<()> {
    let (stack, token) = start().await?;
    // These headers have a meaning to HTTP or to proxies, so they do not pass unchanged.
    let special = ["authorization", "content-type", "host", "te", "via"];
    let names: Vec<&str> = removed::ORDINARY
        .iter()
        .copied()
        .filter(|name| !special.contains(name))
        .collect();
    for batch in names.chunks(BATCH) {
        let lines: Vec<String> = batch
            .iter()
            .map(|name| format!("{name}: kept-of-{name}\r\n"))
            .collect();
        let (status, seen) = http1(&stack, &token, &lines.concat()).await?;
        assert_eq!(status, "200", "{batch:?}");
        for name in batch {
            assert!(
                seen.contains(&format!("\r\n{name}: kept-of-{name}\r\n")),
                "{name} is missing in {seen}"
            );
        }
    }
    stack.stop().await
}
