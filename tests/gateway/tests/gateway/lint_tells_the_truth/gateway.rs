//! One Envoy with an edited copy of the shipped gateway for each case.
//!
//! Each copy has its own listener and its own clusters.

use std::path::Path;

use anyhow::Context;
use dev_stack::{Edit, GatewayFiles, GatewayOnly, GatewayPorts, Part, without_rate_limits};
use serde_json::{Value, json};

use crate::lint_tells_the_truth::upstream::Upstream;

const SERVICES: [&str; 3] = ["task-api", "notification", "audit"];

/// An edited gateway and its port.
#[derive(Clone, Debug)]
pub(crate) struct Edited {
    pub(crate) files: GatewayFiles,
    pub(crate) port: u16,
}

/// Ports of servers that only edited gateways use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Others {
    /// A service that no route names.
    pub(crate) other: u16,
    /// A gRPC server that allows everything.
    pub(crate) generous: u16,
}

/// Returns the shipped files with two more clusters and with `edits`.
pub(crate) fn edited(edits: &[(Part, Edit)], others: Others, port: u16) -> anyhow::Result<Edited> {
    let mut files = GatewayFiles::shipped()?;
    for (name, port, is_grpc) in [
        ("other", others.other, false),
        ("generous", others.generous, true),
    ] {
        let like = if is_grpc { "authz" } else { "audit" };
        let mut cluster = files
            .part(Part::Cluster(like))
            .context("a cluster to copy")?
            .clone();
        cluster["name"] = name.into();
        cluster["load_assignment"]["cluster_name"] = name.into();
        set_port(&mut cluster, port)?;
        cluster
            .as_object_mut()
            .context("a cluster")?
            .remove("health_checks");
        files.clusters.push(cluster);
    }
    for (part, edit) in edits {
        files.apply(*part, edit)?;
    }
    Ok(Edited { files, port })
}

/// Starts Envoy with a listener for each of these.
pub(crate) async fn start(
    gateways: Vec<Edited>,
    service: &Upstream,
) -> anyhow::Result<GatewayOnly> {
    let port = service.port;
    let write = move |folder: &Path, ports: GatewayPorts| write_all(folder, ports, &gateways, port);
    GatewayOnly::start(service.port, without_rate_limits, write).await
}

fn write_all(
    folder: &Path,
    ports: GatewayPorts,
    gateways: &[Edited],
    service: u16,
) -> anyhow::Result<()> {
    let mut listeners = Vec::new();
    let mut clusters = Vec::new();
    for (number, gateway) in gateways.iter().enumerate() {
        let mut files = gateway.files.clone();
        for cluster in &mut files.clusters {
            match cluster["name"].as_str().unwrap_or_default() {
                "authz" => set_port(cluster, ports.authz)?,
                name if SERVICES.contains(&name) && cluster.get("load_assignment").is_some() => {
                    set_port(cluster, service)?;
                }
                _ => {}
            }
        }
        rename(&mut files, number);
        files.listener["name"] = format!("gateway-{number}").into();
        files.listener["address"]["socket_address"]["port_value"] = gateway.port.into();
        let mut table = files.table.clone();
        // A route table inside a listener has no `@type`. Without `validate_clusters: false`, Envoy
        // would reject a route to a cluster that does not exist.
        table.as_object_mut().context("a table")?.remove("@type");
        table["validate_clusters"] = false.into();
        let manager = files.part(Part::Manager).and_then(Value::as_object_mut);
        // A network filter instead of the manager has no routes.
        if let Some(manager) = manager.filter(|manager| manager.contains_key("rds")) {
            manager.remove("rds");
            manager.insert("route_config".to_owned(), table);
        }
        listeners.push(files.listener);
        clusters.extend(files.clusters);
    }
    for (name, resources) in [("listeners.yaml", listeners), ("clusters.yaml", clusters)] {
        std::fs::write(
            folder.join(name),
            serde_json::to_vec_pretty(&json!({"resources": resources}))?,
        )?;
    }
    Ok(())
}

/// Appends the number of the gateway to the names of its clusters, everywhere.
fn rename(files: &mut GatewayFiles, number: usize) {
    let names: Vec<String> = files
        .clusters
        .iter()
        .filter_map(|cluster| Some(cluster["name"].as_str()?.to_owned()))
        .collect();
    for cluster in &mut files.clusters {
        cluster["name"] =
            format!("{}-{number}", cluster["name"].as_str().unwrap_or_default()).into();
    }
    let parts = [&mut files.listener, &mut files.table]
        .into_iter()
        .chain(&mut files.clusters);
    parts.for_each(|part| rename_below(part, &names, number));
}

fn rename_below(value: &mut Value, names: &[String], number: usize) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let name = member
                    .as_str()
                    .filter(|name| names.iter().any(|known| known == name));
                if let Some(name) =
                    name.filter(|_| ["cluster", "cluster_name"].contains(&key.as_str()))
                {
                    *member = format!("{name}-{number}").into();
                }
                rename_below(member, names, number);
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| rename_below(item, names, number)),
        // Lua code names a cluster as `OTHER_CLUSTER`.
        Value::String(text) => *text = text.replace("OTHER_CLUSTER", &format!("other-{number}")),
        _ => {}
    }
}

fn set_port(cluster: &mut Value, port: u16) -> anyhow::Result<()> {
    let place =
        "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address/port_value";
    *cluster
        .pointer_mut(place)
        .context("a cluster has one endpoint")? = port.into();
    Ok(())
}
