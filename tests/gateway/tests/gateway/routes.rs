//! Kinds of routes that the sample lacks: for anyone, with an optional token, and for gRPC.

use anyhow::Context;
use dev_stack::directory::{EDITOR, TASK_API};
use dev_stack::{Answer, EnvoyFiles, Service, Stack, StackOptions};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Version};
use serde_json::{Value, json};

/// An origin that the gateway's own routes do not allow.
const OTHER_APP: &str = "https://other-app.example";
const ID: &str = "aaaaaaaa-0002-4000-8000-000000000002";
const PER_ROUTE: &str =
    "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute";

/// Adds two policies for anyone, one without an issuer and one with an optional token.
fn with_open_policies(policies: &str) -> String {
    let open = |name: &str, issuer: &str| {
        format!(
            "\n---\napiVersion: portcullis.dev/v1alpha1\nkind: RoutePolicy\n\
             metadata: {{name: {name}}}\nspec:\n  {issuer}allow: [{{callers: anyone}}]\n  \
             rateLimit: {{requests: 5, per: 600s}}\n  upstream: {{name: notification}}\n"
        )
    };
    let optional = "issuer: entra\n  application: 3a5c0001-0000-4000-8000-000000000001\n  ";
    [policies, &open("open", ""), &open("optional", optional)].concat()
}

/// Adds the routes of these policies, to the health of a service.
///
/// The health answer does not depend on the caller, so the tests read the bytes that reach it.
fn with_open_routes(files: &mut EnvoyFiles) -> anyhow::Result<()> {
    let routes = files
        .routes
        .pointer_mut("/resources/0/virtual_hosts/0/routes")
        .and_then(Value::as_array_mut);
    let routes = routes.context("routes.yaml has no routes")?;
    for name in ["open", "optional"] {
        let per_route = json!({
            "@type": PER_ROUTE,
            "check_settings": {
                "context_extensions": {"policy": name, "removed_prefix": format!("/{name}")},
            },
        });
        let mut route = json!({
            "name": name,
            "match": {"path": format!("/{name}/health")},
            "route": {"cluster": "notification", "prefix_rewrite": "/health"},
            "typed_per_filter_config": {"envoy.filters.http.ext_authz": per_route},
        });
        if name == "open" {
            let cors = json!({
                "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
                "allow_origin_string_match": [{"exact": OTHER_APP}],
                "allow_methods": "GET",
                "forward_not_matching_preflights": false,
            });
            let per_filter = route
                .get_mut("typed_per_filter_config")
                .and_then(Value::as_object_mut);
            per_filter
                .context("no filters")?
                .insert("envoy.filters.http.cors".to_owned(), cors);
        }
        routes.insert(2, route);
    }
    Ok(())
}

async fn send(stack: &Stack, path: &str, token: Option<&str>) -> anyhow::Result<(String, String)> {
    stack.forget_upstream_bytes();
    let mut request = stack.http().get(format!("{}{path}", stack.gateway()));
    for spoofed in [
        "x-user-oid",
        "x-user-roles",
        "x-tenant-id",
        "x-portcullis-assertion",
    ] {
        request = request.header(spoofed, "spoofed-by-client");
    }
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let outcome = Answer::to(request).await?.outcome();
    let seen = stack
        .upstream_bytes()
        .into_iter()
        .find(|(service, _)| *service == Service::Notification);
    Ok((outcome, seen.map(|(_, bytes)| bytes).unwrap_or_default()))
}

#[tokio::test(flavor = "multi_thread")]
async fn open_routes_need_no_token_and_remove_identity_headers() -> anyhow::Result<()> {
    let stack = Stack::start_with(
        StackOptions::default()
            .policies(with_open_policies)
            .envoy(with_open_routes),
    )
    .await?;
    let token = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    let good = Some(token.as_str());
    for (path, token, expected, named) in [
        ("/open/health", None, "200", false),
        ("/open/health", good, "200", false),
        ("/open/health", Some("rubbish"), "200", false),
        ("/optional/health", None, "200", false),
        ("/optional/health", good, "200", true),
        // A bad token is denied, not treated as no token.
        (
            "/optional/health",
            Some("rubbish"),
            "401 token_malformed",
            false,
        ),
    ] {
        let (outcome, seen) = send(&stack, path, token).await?;
        assert_eq!(
            (outcome.as_str(), seen.contains(ID)),
            (expected, named),
            "{path} {token:?}\n{seen}"
        );
        assert_eq!(seen.is_empty(), expected != "200", "{path}\n{seen}");
        assert!(!seen.contains("spoofed-by-client"), "{seen}");
        assert_eq!(
            seen.matches("x-user-oid:").count(),
            usize::from(named),
            "{seen}"
        );
    }
    // Requests without a verified caller count by client address, which no header changes.
    let mut outcomes = Vec::new();
    for number in 0..4 {
        let request = stack.http().get(format!("{}/open/health", stack.gateway()));
        let forwarded = format!("203.0.113.{number}");
        let request = request
            .header("x-forwarded-for", &forwarded)
            .header("x-real-ip", &forwarded);
        let answer = Answer::to(request.header("x-envoy-external-address", &forwarded)).await?;
        outcomes.push(answer.outcome());
    }
    assert_eq!(
        outcomes,
        ["200", "200", "429 rate_limited", "429 rate_limited"]
    );
    stack.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn route_with_own_cors_policy_has_its_own_origins() -> anyhow::Result<()> {
    let stack = Stack::start_with(
        StackOptions::default()
            .policies(with_open_policies)
            .envoy(with_open_routes),
    )
    .await?;
    let usual = "http://localhost:3000";
    for (path, origin, allowed) in [
        ("/open/health", OTHER_APP, true),
        ("/open/health", usual, false),
        ("/optional/health", usual, true),
        ("/optional/health", OTHER_APP, false),
        ("/api/me", OTHER_APP, false),
    ] {
        stack.forget_upstream_bytes();
        let preflight = stack.http().request(
            reqwest::Method::OPTIONS,
            format!("{}{path}", stack.gateway()),
        );
        let preflight = preflight
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .send()
            .await?;
        let answer = preflight
            .headers()
            .get("access-control-allow-origin")
            .and_then(|value| value.to_str().ok());
        assert_eq!(answer, allowed.then_some(origin), "{path} from {origin}");
        assert!(
            stack
                .upstream_bytes()
                .iter()
                .all(|(_, bytes)| bytes.is_empty()),
            "a preflight reached a service"
        );
        let request = stack
            .http()
            .get(format!("{}{path}", stack.gateway()))
            .header("origin", origin)
            .send()
            .await?;
        let answer = request
            .headers()
            .get("access-control-allow-origin")
            .and_then(|value| value.to_str().ok());
        assert_eq!(answer, allowed.then_some(origin), "{path} from {origin}");
    }
    stack.stop().await
}

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
    for (path, token, expected) in [
        ("/api/me", None, "16"),
        ("/api/me", Some("rubbish"), "16"),
        ("/auditing/audit", Some(token.as_str()), "16"),
        ("/nowhere.Service/Method", None, "12"),
    ] {
        let headers = call(&http, &format!("{gateway}{path}"), token).await?;
        assert_eq!(
            status(&headers).as_deref(),
            Some(expected),
            "{path} {headers:?}"
        );
        let grpc = HeaderValue::from_static("application/grpc");
        assert_eq!(
            headers.get(HeaderName::from_static("content-type")),
            Some(&grpc),
            "{path}"
        );
    }
    stack.stop_authz().await?;
    let headers = call(&http, &format!("{gateway}/api/me"), Some(&token)).await?;
    assert_eq!(status(&headers).as_deref(), Some("14"), "{headers:?}");
    stack.stop().await
}
