//! Denials to clients of gRPC.

use dev_stack::Stack;
use dev_stack::directory::{EDITOR, TASK_API};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Version};

/// Sends a gRPC request and returns the answer's headers.
///
/// A gRPC client reads `grpc-status` and no body ("gRPC over HTTP/2", §Responses).
async fn call(http: &Client, url: &str, token: Option<&str>) -> anyhow::Result<HeaderMap> {
    let mut request = http
        .post(url)
        .version(Version::HTTP_2)
        .header("content-type", "application/grpc");
    request = request.header("te", "trailers").body(vec![0; 5]);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await?;
    anyhow::ensure!(
        response.status() == 200,
        "gRPC answers are 200, not {}",
        response.status()
    );
    Ok(response.headers().clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_clients_get_a_grpc_status() -> anyhow::Result<()> {
    struct Case<'a> {
        name: &'static str,
        path: &'static str,
        token: Option<&'a str>,
        expected: &'static str,
    }

    let mut stack = Stack::start_apart().await?;
    let http = Client::builder()
        .no_proxy()
        .http2_prior_knowledge()
        .build()?;
    let token = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    let gateway = stack.gateway();
    let status = |headers: &HeaderMap| {
        headers
            .get("grpc-status")
            .and_then(|status| status.to_str().ok().map(str::to_owned))
    };
    for Case {
        name,
        path,
        token,
        expected,
    } in [
        Case {
            name: "no token",
            path: "/api/me",
            token: None,
            expected: "16",
        },
        Case {
            name: "malformed token",
            path: "/api/me",
            token: Some("rubbish"),
            expected: "16",
        },
        Case {
            name: "user on the audit route",
            path: "/auditing/audit",
            token: Some(token.as_str()),
            expected: "16",
        },
        Case {
            name: "no route",
            path: "/nowhere.Service/Method",
            token: None,
            expected: "12",
        },
    ] {
        let headers = call(&http, &format!("{gateway}{path}"), token).await?;
        assert_eq!(
            status(&headers).as_deref(),
            Some(expected),
            "{name}: {headers:?}"
        );
        let grpc = HeaderValue::from_static("application/grpc");
        assert_eq!(
            headers.get(HeaderName::from_static("content-type")),
            Some(&grpc),
            "{name}"
        );
    }
    stack.stop_authz().await?;
    let headers = call(&http, &format!("{gateway}/api/me"), Some(&token)).await?;
    assert_eq!(status(&headers).as_deref(), Some("14"), "{headers:?}");
    stack.stop().await
}
