//! Kinds of routes that the sample lacks: for anyone, and with an optional token.

use anyhow::Context;
use dev_stack::directory::{EDITOR, TASK_API};
use dev_stack::{Answer, EnvoyFiles, Service, Stack, StackOptions};
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
    struct Case<'a> {
        name: &'static str,
        path: &'static str,
        token: Option<&'a str>,
        expected: &'static str,
        named: bool,
    }

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
    for Case {
        name,
        path,
        token,
        expected,
        named,
    } in [
        Case {
            name: "public without a token",
            path: "/open/health",
            token: None,
            expected: "200",
            named: false,
        },
        Case {
            name: "public with a token",
            path: "/open/health",
            token: good,
            expected: "200",
            named: false,
        },
        Case {
            name: "public with a bad token",
            path: "/open/health",
            token: Some("rubbish"),
            expected: "200",
            named: false,
        },
        Case {
            name: "optional without a token",
            path: "/optional/health",
            token: None,
            expected: "200",
            named: false,
        },
        Case {
            name: "optional with a token",
            path: "/optional/health",
            token: good,
            expected: "200",
            named: true,
        },
        // A bad token is denied, not treated as no token.
        Case {
            name: "optional with a bad token",
            path: "/optional/health",
            token: Some("rubbish"),
            expected: "401 token_malformed",
            named: false,
        },
    ] {
        let (outcome, seen) = send(&stack, path, token).await?;
        assert_eq!(
            (outcome.as_str(), seen.contains(ID)),
            (expected, named),
            "{name}\n{seen}"
        );
        assert_eq!(seen.is_empty(), expected != "200", "{name}\n{seen}");
        assert!(!seen.contains("spoofed-by-client"), "{name}: {seen}");
        assert_eq!(
            seen.matches("x-user-oid:").count(),
            usize::from(named),
            "{name}: {seen}"
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
    struct Case {
        name: &'static str,
        path: &'static str,
        origin: &'static str,
        allowed: bool,
    }

    let stack = Stack::start_with(
        StackOptions::default()
            .policies(with_open_policies)
            .envoy(with_open_routes),
    )
    .await?;
    let usual = "http://localhost:3000";
    for Case {
        name,
        path,
        origin,
        allowed,
    } in [
        Case {
            name: "own origin on a public route",
            path: "/open/health",
            origin: OTHER_APP,
            allowed: true,
        },
        Case {
            name: "usual origin on a public route",
            path: "/open/health",
            origin: usual,
            allowed: false,
        },
        Case {
            name: "usual origin on an optional route",
            path: "/optional/health",
            origin: usual,
            allowed: true,
        },
        Case {
            name: "own origin on an optional route",
            path: "/optional/health",
            origin: OTHER_APP,
            allowed: false,
        },
        Case {
            name: "own origin on a route of the sample",
            path: "/api/me",
            origin: OTHER_APP,
            allowed: false,
        },
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
        assert_eq!(answer, allowed.then_some(origin), "{name}");
        assert!(
            stack
                .upstream_bytes()
                .iter()
                .all(|(_, bytes)| bytes.is_empty()),
            "{name}: a preflight reached a service"
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
        assert_eq!(answer, allowed.then_some(origin), "{name}");
    }
    stack.stop().await
}
