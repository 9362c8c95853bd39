//! Envoy's configuration: one listener per case, made from the shipped files.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use dev_stack::{ProgramSpec, envoy_program};
use portcullis_bench::IssuerKey;
use serde_json::{Value, json};

use crate::case::{Case, Filters};
use crate::filters;
use crate::servers::{RunningServer, ServerAddress, free_port, name};

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../envoy");
const MANAGER: &str = "/filter_chains/0/filters/0/typed_config";
const ENDPOINT: &str = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address";
const PORT: &str = "/address/socket_address/port_value";
/// The shipped policy of the measured route.
const POLICY: &str = "tasks";
const POLICY_OF_ROUTE: &str = "/typed_per_filter_config/envoy.filters.http.ext_authz\
                               /check_settings/context_extensions/policy";

/// A case with the port of its listener.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listening {
    pub(crate) case: Case,
    pub(crate) port: u16,
}

/// The shipped files.
struct Shipped {
    bootstrap: Value,
    listener: Value,
    routes: Value,
    clusters: Vec<Value>,
}

/// Writes Envoy's files to `folder`, and returns how to start it.
pub(crate) fn prepare(
    folder: &Path,
    cases: &[Listening],
    servers: &[RunningServer],
    upstream: u16,
    key: &IssuerKey,
) -> anyhow::Result<ProgramSpec> {
    let mut shipped = Shipped::read(folder)?;
    let admin = free_port()?;
    set(
        &mut shipped.bootstrap,
        "/admin/address/socket_address/port_value",
        admin.into(),
    )?;
    let listeners: Vec<_> = cases
        .iter()
        .map(|case| shipped.listener(case, key))
        .collect::<anyhow::Result<_>>()?;
    for Listening { case, .. } in cases {
        write(
            folder,
            &routes_file(case),
            &json!({"resources": [shipped.routes(case)?]}),
        )?;
    }
    write(folder, "bootstrap.yaml", &shipped.bootstrap)?;
    write(folder, "listeners.yaml", &json!({ "resources": listeners }))?;
    write(
        folder,
        "clusters.yaml",
        &json!({"resources": shipped.clusters(servers, upstream)?}),
    )?;
    Ok(ProgramSpec {
        name: "envoy",
        binary: envoy_program()?,
        arguments: Vec::new(),
        environment: Vec::new(),
        directory: folder.to_owned(),
        log: folder.join("envoy.log"),
        ready_url: format!("http://127.0.0.1:{admin}/ready"),
    })
}

/// Envoy's arguments. `base_id` separates its shared memory from that of other Envoys.
pub(crate) fn arguments(concurrency: u16, base_id: u16) -> Vec<String> {
    let concurrency = concurrency.to_string();
    let base_id = base_id.to_string();
    let arguments = [
        "-c",
        "bootstrap.yaml",
        "--concurrency",
        &concurrency,
        "--log-level",
        "warning",
        "--base-id",
        &base_id,
    ];
    arguments.map(str::to_owned).to_vec()
}

impl Shipped {
    fn read(folder: &Path) -> anyhow::Result<Self> {
        let with = PathBuf::from(SHIPPED).join("with");
        let written = Command::new(&with).arg("--into").arg(folder).output();
        let written = written.with_context(|| format!("{}: cannot be run", with.display()))?;
        ensure!(
            written.status.success(),
            "{}",
            String::from_utf8_lossy(&written.stderr)
        );
        let resources = |name: &str| match read(folder, name)?.get_mut("resources").map(Value::take)
        {
            Some(Value::Array(resources)) => anyhow::Ok(resources),
            _ => anyhow::bail!("the shipped {name} has no list of resources"),
        };
        let only = |name: &str| {
            resources(name)?
                .into_iter()
                .next()
                .with_context(|| format!("{name} is empty"))
        };
        Ok(Self {
            bootstrap: read(folder, "bootstrap.yaml")?,
            listener: only("listeners.yaml")?,
            routes: only("routes.yaml")?,
            clusters: resources("clusters.yaml")?,
        })
    }

    fn listener(
        &self,
        Listening { case, port }: &Listening,
        key: &IssuerKey,
    ) -> anyhow::Result<Value> {
        let mut listener = self.listener.clone();
        set(&mut listener, "/name", case.name.into())?;
        set(&mut listener, PORT, (*port).into())?;
        let manager = listener
            .pointer_mut(MANAGER)
            .with_context(|| missing(MANAGER))?;
        if case.filters == Filters::Bare {
            *manager = bare_manager();
            return Ok(listener);
        }
        set(manager, "/stat_prefix", case.name.into())?;
        set(manager, "/rds/route_config_name", case.name.into())?;
        let routes = format!("./{}", routes_file(case));
        set(
            manager,
            "/rds/config_source/path_config_source/path",
            routes.into(),
        )?;
        // Without access log, because the authz server keeps no decision log either.
        manager
            .as_object_mut()
            .and_then(|manager| manager.remove("access_log"));
        let filters = manager
            .get_mut("http_filters")
            .and_then(Value::as_array_mut);
        filters::replace(
            filters.with_context(|| missing("http_filters"))?,
            case.filters,
            key,
        )?;
        Ok(listener)
    }

    fn routes(&self, case: &Case) -> anyhow::Result<Value> {
        let mut table = self.routes.clone();
        set(&mut table, "/name", case.name.into())?;
        let routes = table
            .pointer_mut("/virtual_hosts/0/routes")
            .and_then(Value::as_array_mut);
        for route in routes.with_context(|| missing("virtual_hosts/0/routes"))? {
            match case.filters {
                Filters::ExtAuthz { policy, .. } => match route.pointer_mut(POLICY_OF_ROUTE) {
                    Some(name) if *name == POLICY => *name = policy.name().into(),
                    _ => {}
                },
                // These cases have no ext_authz filter to configure.
                Filters::None | Filters::Bare | Filters::JwtAuthn { .. } => {
                    route
                        .as_object_mut()
                        .and_then(|route| route.remove("typed_per_filter_config"));
                }
            }
        }
        Ok(table)
    }

    fn clusters(&mut self, servers: &[RunningServer], upstream: u16) -> anyhow::Result<Vec<Value>> {
        let mut clusters = std::mem::take(&mut self.clusters);
        let is_authz = |cluster: &Value| cluster.get("name").is_some_and(|name| name == "authz");
        let at = clusters
            .iter()
            .position(is_authz)
            .with_context(|| missing("cluster authz"))?;
        let authz = clusters.remove(at);
        for cluster in &mut clusters {
            set(
                cluster,
                &format!("{ENDPOINT}/socket_address/port_value"),
                upstream.into(),
            )?;
        }
        for server in servers {
            let mut cluster = authz.clone();
            let name = name(server.server);
            set(&mut cluster, "/name", name.clone().into())?;
            set(&mut cluster, "/load_assignment/cluster_name", name.into())?;
            set(&mut cluster, ENDPOINT, endpoint_address(&server.address))?;
            clusters.push(cluster);
        }
        Ok(clusters)
    }
}

fn endpoint_address(address: &ServerAddress) -> Value {
    match address {
        ServerAddress::Tcp(port) => {
            json!({"socket_address": {"address": "127.0.0.1", "port_value": port}})
        }
        ServerAddress::Unix(path) => json!({"pipe": {"path": path}}),
    }
}

/// A manager with Envoy's defaults: it removes no header, normalizes no path and sets no limit.
fn bare_manager() -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bare",
        "route_config": {"name": "bare", "virtual_hosts": [{
            "name": "bare", "domains": ["*"],
            "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "task-api"}}],
        }]},
        "http_filters": [{
            "name": "envoy.filters.http.router",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
            },
        }],
    })
}

/// The name of a case's route file. Envoy reads one route table from a file.
fn routes_file(case: &Case) -> String {
    let name: String = case
        .name
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '-'
            }
        })
        .collect();
    format!("routes-{name}.yaml")
}

fn read(folder: &Path, name: &str) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(folder.join(name))
        .with_context(|| format!("the shipped {name}"))?;
    serde_saphyr::from_str(&text).with_context(|| format!("the shipped {name}"))
}

fn write(folder: &Path, name: &str, document: &Value) -> anyhow::Result<()> {
    // JSON is YAML, so the name can stay.
    let path = folder.join(name);
    std::fs::write(&path, serde_json::to_vec_pretty(document)?)
        .with_context(|| format!("{}: cannot be written", path.display()))
}

fn set(document: &mut Value, pointer: &str, value: Value) -> anyhow::Result<()> {
    *document
        .pointer_mut(pointer)
        .with_context(|| missing(pointer))? = value;
    Ok(())
}

fn missing(pointer: &str) -> String {
    format!("the shipped Envoy files have no {pointer}")
}
