//! The gateway's own files with this machine's ports, so that what is tested is what is shipped.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::Value;

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../envoy");

/// Where Envoy listens and where it finds the others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EnvoyPorts {
    pub(crate) gateway: u16,
    pub(crate) admin: u16,
    pub(crate) authz: u16,
    pub(crate) task_api: u16,
    pub(crate) notification: u16,
    pub(crate) audit: u16,
}

/// Writes the configuration to `folder`.
pub(crate) fn write_configuration(folder: &Path, ports: EnvoyPorts) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("{}: cannot be created", folder.display()))?;
    let clusters = [
        ("authz", ports.authz),
        ("task-api", ports.task_api),
        ("notification", ports.notification),
        ("audit", ports.audit),
    ];
    copy(folder, "routes.yaml", |_| Ok(()))?;
    copy(folder, "bootstrap.yaml", |bootstrap| {
        set(bootstrap, "/admin/address/socket_address/port_value", ports.admin)
    })?;
    copy(folder, "listeners.yaml", |listeners| {
        set(listeners, "/resources/0/address/socket_address/port_value", ports.gateway)
    })?;
    copy(folder, "clusters.yaml", |document| {
        for (name, port) in clusters {
            let all = document
                .get_mut("resources")
                .and_then(Value::as_array_mut)
                .context("clusters.yaml has no resources")?;
            let cluster = all.iter_mut().find(|cluster| cluster["name"] == name);
            let cluster = cluster.with_context(|| format!("clusters.yaml has no cluster {name}"))?;
            set(
                cluster,
                "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address/port_value",
                port,
            )?;
        }
        Ok(())
    })
}

fn copy(folder: &Path, name: &str, change: impl FnOnce(&mut Value) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let source = PathBuf::from(FILES).join(name);
    let text = std::fs::read_to_string(&source).with_context(|| format!("{}: cannot be read", source.display()))?;
    let mut document: Value =
        serde_saphyr::from_str(&text).with_context(|| format!("{}: is not YAML", source.display()))?;
    change(&mut document).with_context(|| source.display().to_string())?;
    // JSON is YAML, so the name can stay.
    let target = folder.join(name);
    std::fs::write(&target, serde_json::to_vec_pretty(&document)?)
        .with_context(|| format!("{}: cannot be written", target.display()))
}

fn set(document: &mut Value, pointer: &str, port: u16) -> anyhow::Result<()> {
    match document.pointer_mut(pointer) {
        Some(value) => *value = port.into(),
        None => bail!("there is no {pointer}"),
    }
    Ok(())
}
