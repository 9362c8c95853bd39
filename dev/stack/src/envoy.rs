//! The shipped configuration of the gateway, with the ports of this stack.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::checks::Checks;
use crate::stack_options::{EnvoyFiles, StackOptions};

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../envoy");
const SECRETS: [&str; 3] = [
    "secret-gateway.yaml",
    "secret-gateway-as-client.yaml",
    "secret-authority-of-services.yaml",
];
const ENDPOINTS: &str = "/load_assignment/endpoints/0/lb_endpoints";

/// The ports of Envoy and of its upstreams.
#[derive(Clone, Debug)]
pub(crate) struct EnvoyPorts {
    pub(crate) gateway: u16,
    pub(crate) admin: u16,
    pub(crate) authz: Vec<Checks>,
    pub(crate) task_api: u16,
    pub(crate) notification: u16,
    pub(crate) audit: u16,
}

/// Writes Envoy's configuration to `folder`.
pub(crate) fn write_configuration(
    folder: &Path,
    ports: &EnvoyPorts,
    options: &StackOptions,
) -> anyhow::Result<()> {
    let with = PathBuf::from(FILES).join("with");
    let mut command = Command::new(&with);
    let written = command
        .args(&options.envoy_options)
        .arg("--into")
        .arg(folder)
        .output();
    let written = written.with_context(|| format!("{}: cannot be run", with.display()))?;
    ensure!(
        written.status.success(),
        "{}",
        String::from_utf8_lossy(&written.stderr)
    );

    let mut bootstrap = read(folder, "bootstrap.yaml")?;
    set(
        &mut bootstrap,
        "/admin/address/socket_address/port_value",
        ports.admin.into(),
    )?;
    write(folder, "bootstrap.yaml", &bootstrap)?;
    let mut files = EnvoyFiles {
        listeners: read(folder, "listeners.yaml")?,
        routes: read(folder, "routes.yaml")?,
        clusters: read(folder, "clusters.yaml")?,
        certificates: PathBuf::from("./certificates"),
    };
    set(
        &mut files.listeners,
        "/resources/0/address/socket_address/port_value",
        ports.gateway.into(),
    )?;
    for (name, port) in [
        ("task-api", ports.task_api),
        ("notification", ports.notification),
        ("audit", ports.audit),
    ] {
        let port_value = format!("{ENDPOINTS}/0/endpoint/address/socket_address/port_value");
        set(
            cluster(&mut files.clusters, name)?,
            &port_value,
            port.into(),
        )?;
    }
    set(
        cluster(&mut files.clusters, "authz")?,
        ENDPOINTS,
        ports.authz.iter().map(Checks::endpoint).collect(),
    )?;
    (options.envoy)(&mut files)?;
    let EnvoyFiles {
        listeners,
        routes,
        clusters,
        certificates,
    } = files;
    for name in SECRETS {
        let text = std::fs::read_to_string(folder.join(name))?;
        std::fs::write(
            folder.join(name),
            text.replace("./certificates", &certificates.display().to_string()),
        )?;
    }
    [
        ("listeners.yaml", listeners),
        ("routes.yaml", routes),
        ("clusters.yaml", clusters),
    ]
    .iter()
    .try_for_each(|(name, document)| write(folder, name, document))
}

fn cluster<'a>(clusters: &'a mut Value, name: &str) -> anyhow::Result<&'a mut Value> {
    let all = clusters
        .get_mut("resources")
        .and_then(Value::as_array_mut)
        .context("clusters.yaml has no resources")?;
    let found = all.iter_mut().find(|cluster| cluster["name"] == name);
    found.with_context(|| format!("clusters.yaml has no cluster {name}"))
}

fn read(folder: &Path, name: &str) -> anyhow::Result<Value> {
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("{}: cannot be read", path.display()))?;
    serde_saphyr::from_str(&text).with_context(|| format!("{}: is not YAML", path.display()))
}

fn write(folder: &Path, name: &str, document: &Value) -> anyhow::Result<()> {
    // JSON is YAML, so the name can stay.
    let path = folder.join(name);
    std::fs::write(&path, serde_json::to_vec_pretty(document)?)
        .with_context(|| format!("{}: cannot be written", path.display()))
}

fn set(document: &mut Value, pointer: &str, value: Value) -> anyhow::Result<()> {
    match document.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => bail!("{pointer} does not exist in Envoy's configuration"),
    }
    Ok(())
}
