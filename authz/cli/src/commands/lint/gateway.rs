//! Collects listeners, route tables and clusters from all documents.

use std::collections::BTreeSet;

use super::code::Code;
use super::filters;
use super::finding::{Finding, Place};
use super::listed::{self, bootstrap::DISCOVERY_RESPONSE, tls::SECRET as SECRET_FIELDS};
use super::manager::Manager;
use super::node::Node;
use super::per_filter::USUAL_NAME;
use super::route_table::RouteTable;
use super::source::Document;

const LISTENER: &str = "envoy.config.listener.v3.Listener";
const ROUTE_CONFIGURATION: &str = "envoy.config.route.v3.RouteConfiguration";
const CLUSTER: &str = "envoy.config.cluster.v3.Cluster";
/// Envoy's wrapper around a resource, with its name and version.
const RESOURCE: &str = "envoy.service.discovery.v3.Resource";
const SECRET: &str = "envoy.extensions.transport_sockets.tls.v3.Secret";
/// The endpoints of a cluster. The cluster itself is checked.
const ENDPOINTS: &str = "envoy.config.endpoint.v3.ClusterLoadAssignment";
pub(super) const MANAGER: &str =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
/// The fields by which a bootstrap file is recognized.
const BOOTSTRAP: [&str; 4] = ["static_resources", "dynamic_resources", "admin", "node"];

/// The gateway as configured.
#[derive(Debug, Default)]
pub(super) struct Gateway<'a> {
    pub(super) managers: Vec<Manager<'a>>,
    pub(super) tables: Vec<RouteTable<'a>>,
    pub(super) listeners: Vec<(Place, Node<'a>)>,
    pub(super) clusters: Vec<(Place, Node<'a>)>,
    pub(super) bootstraps: Vec<(Place, Node<'a>)>,
    cluster_names: BTreeSet<&'a str>,
    /// Whether clusters also come from a source that lint cannot read.
    clusters_elsewhere: bool,
}

impl<'a> Gateway<'a> {
    pub(super) fn of(documents: &'a [Document], findings: &mut Vec<Finding>) -> Self {
        let mut gateway = Self::default();
        for Document { file, value } in documents {
            gateway.add_document(file, Node::new(value), findings);
        }
        gateway
    }

    /// Whether requests to this cluster can reach a service. An undefined cluster has none.
    pub(super) fn reaches(&self, cluster: &str) -> bool {
        self.cluster_names.is_empty()
            || self.clusters_elsewhere
            || self.cluster_names.contains(cluster)
    }

    /// The names of ext_authz filters that apply to the routes of `table`.
    pub(super) fn authorization_names(&self, table: &RouteTable<'a>) -> Vec<&'a str> {
        let managers = self.managers.iter().filter(|manager| manager.uses(table));
        let names: BTreeSet<&str> = managers
            .flat_map(|manager| filters::authorization(manager))
            .map(|filter| filter.name)
            .collect();
        if names.is_empty() {
            vec![USUAL_NAME]
        } else {
            names.into_iter().collect()
        }
    }

    /// Whether some routes come from a source that lint cannot read.
    pub(super) fn has_routes_elsewhere(&self) -> bool {
        self.managers
            .iter()
            .any(|manager| !manager.absent_tables(self).is_empty())
            || self.tables.iter().any(RouteTable::has_more_elsewhere)
    }

    /// Whether `manager` may pass a request to a service. A manager that only redirects has nothing
    /// to protect.
    pub(super) fn serves(&self, manager: &Manager<'a>) -> bool {
        let mut tables = self.tables.iter().filter(|table| manager.uses(table));
        !manager.absent_tables(self).is_empty()
            || tables.any(|table| table.has_more_elsewhere() || !table.routes(self).is_empty())
    }

    fn add_document(&mut self, file: &str, document: Node<'a>, findings: &mut Vec<Finding>) {
        let resources = document.get("resources");
        let place = Place::new(file, "");
        if resources.is_present() {
            listed::check(&place, "", &DISCOVERY_RESPONSE, document, findings);
        } else if BOOTSTRAP.iter().any(|part| document.get(part).is_present()) {
            self.bootstraps.push((place, document));
        } else {
            let found = "has neither resources nor a part of a bootstrap configuration";
            findings.push(place.finding(Code::FileUnusable, "", found));
        }
        for (index, resource) in resources.items().enumerate() {
            self.add_resource(file, index, resource, findings);
        }
        let fixed = document.get("static_resources");
        fixed
            .get("listeners")
            .items()
            .for_each(|listener| self.add_listener(file, listener));
        fixed
            .get("clusters")
            .items()
            .for_each(|cluster| self.add_cluster(file, cluster));
        let source = document.get("dynamic_resources").get("cds_config");
        let is_file = ["path_config_source", "path"]
            .into_iter()
            .any(|kind| source.get(kind).is_present());
        self.clusters_elsewhere |= source.is_present() && !is_file;
    }

    fn add_resource(
        &mut self,
        file: &str,
        index: usize,
        resource: Node<'a>,
        findings: &mut Vec<Finding>,
    ) {
        let (type_name, resource) = match resource.typed() {
            (RESOURCE, wrapper) => wrapper.get("resource").typed(),
            typed => typed,
        };
        let mut find = |code, found: String| {
            findings.push(Place::new(file, "").finding(
                code,
                format!("resources[{index}].@type"),
                found,
            ));
        };
        match type_name {
            LISTENER => self.add_listener(file, resource),
            ROUTE_CONFIGURATION => self.tables.push(RouteTable::new(file, resource, None)),
            CLUSTER => self.add_cluster(file, resource),
            SECRET => {
                let name = resource.get("name").text().unwrap_or("without a name");
                let place = Place::new(file, format!("secret {name}"));
                listed::check(&place, "", &SECRET_FIELDS, resource, findings);
            }
            ENDPOINTS => {}
            "" => find(Code::FileUnusable, "is missing".to_owned()),
            other => find(Code::ExtensionUnlisted, format!("is {other}")),
        }
    }

    fn add_cluster(&mut self, file: &str, cluster: Node<'a>) {
        let name = cluster.get("name").text();
        self.cluster_names.extend(name);
        let place = Place::new(
            file,
            format!("cluster {}", name.unwrap_or("without a name")),
        );
        self.clusters.push((place, cluster));
    }

    fn add_listener(&mut self, file: &str, listener: Node<'a>) {
        let name = listener.get("name").text().unwrap_or("without a name");
        self.listeners
            .push((Place::new(file, format!("listener {name}")), listener));
        let chains: Vec<Node<'a>> = listener
            .get("filter_chains")
            .items()
            .chain([listener.get("default_filter_chain")])
            .collect();
        for (index, chain) in chains.iter().enumerate() {
            let part = match (index, chain.get("name").text()) {
                (_, Some(chain)) => format!("listener {name}, filter chain {chain}"),
                (0, None) => format!("listener {name}"),
                (_, None) => format!("listener {name}, filter chain {}", index + 1),
            };
            let configurations = chain
                .get("filters")
                .items()
                .map(|filter| filter.get("typed_config").typed());
            for (_, node) in configurations.filter(|(type_name, _)| *type_name == MANAGER) {
                let manager = Manager {
                    place: Place::new(file, part.as_str()),
                    node,
                    index: self.managers.len(),
                };
                self.tables.extend(manager.inline_tables());
                self.managers.push(manager);
            }
        }
    }
}
