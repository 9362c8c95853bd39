//! The gateway of `envoy/`, with public routes in addition to its own.

use std::path::Path;

use anyhow::Context;
use dev_stack::{GatewayOnly, without_rate_limits};
use serde_json::{Value, json};

/// Public routes, which the sample does not have.
///
/// Each service has one with a policy for anyone. The last one has no ext_authz check.
pub const PUBLIC: [&str; 4] = [
    "/api/open",
    "/notification/open",
    "/auditing/open",
    "/unchecked",
];

const CLUSTERS: [&str; 4] = ["task-api", "notification", "audit", "audit"];

/// Starts it in front of `upstream`.
pub async fn shipped_envoy(upstream: u16) -> anyhow::Result<GatewayOnly> {
    GatewayOnly::start(upstream, policies, |folder, _| {
        add_public_routes(&folder.join("routes.yaml"))
    })
    .await
}

/// Returns the sample policies without rate limits, and a policy for anyone for each service.
///
/// A rate limit would stop the runner, which sends tens of thousands of requests as one caller.
fn policies(sample: &str) -> String {
    let open = CLUSTERS.iter().take(3).map(|cluster| {
        let spec = format!("{{allow: [{{callers: anyone}}], upstream: {{name: {cluster}}}}}");
        let kind = "{apiVersion: portcullis.dev/v1alpha1, kind: RoutePolicy";
        format!("\n---\n{kind}, metadata: {{name: open-{cluster}}}, spec: {spec}}}")
    });
    without_rate_limits(sample) + &open.collect::<String>() + "\n"
}

fn add_public_routes(file: &Path) -> anyhow::Result<()> {
    let mut document: Value = serde_json::from_slice(&std::fs::read(file)?)?;
    let routes = document
        .pointer_mut("/resources/0/virtual_hosts/0/routes")
        .and_then(Value::as_array_mut);
    let routes = routes.context("routes.yaml has no routes")?;
    // The last route is the one for everything else.
    let last = routes.len().saturating_sub(1);
    routes.splice(
        last..last,
        PUBLIC
            .iter()
            .zip(CLUSTERS)
            .map(|(path, cluster)| route(path, cluster)),
    );
    std::fs::write(file, serde_json::to_vec(&document)?)
        .with_context(|| format!("{}: cannot be written", file.display()))
}

fn route(path: &str, cluster: &str) -> Value {
    let per_route = if path == "/unchecked" {
        json!({"disabled": true})
    } else {
        json!({"check_settings": {"context_extensions": {"policy": format!("open-{cluster}")}}})
    };
    let kind = "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute";
    let mut per_route = per_route;
    if let Some(members) = per_route.as_object_mut() {
        members.insert("@type".to_owned(), json!(kind));
    }
    json!({
        "name": path, "match": {"path": path}, "route": {"cluster": cluster, "timeout": "15s"},
        "typed_per_filter_config": {"envoy.filters.http.ext_authz": per_route},
    })
}
