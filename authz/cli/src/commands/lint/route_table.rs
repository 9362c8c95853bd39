//! Flattens route configurations into levels, and into routes that lead to a service.

use super::code::Code;
use super::finding::{Finding, Place};
use super::gateway::Gateway;
use super::listed;
use super::listed::routes::{ROUTE as ROUTE_FIELDS, ROUTE_CONFIGURATION, VIRTUAL_HOST};
use super::node::Node;

/// Packages of inputs and matchers of a matcher tree. They choose an action; every action is
/// checked.
const CHOOSING: [&str; 4] = [
    "envoy.type.matcher.v3.",
    "xds.type.matcher.v3.",
    "envoy.extensions.matching.common_inputs.",
    "envoy.extensions.matching.input_matchers.",
];
const ROUTE: &str = "envoy.config.route.v3.Route";
const ROUTE_LIST: &str = "envoy.config.route.v3.RouteList";

/// A `RouteConfiguration`.
#[derive(Clone, Debug)]
pub(super) struct RouteTable<'a> {
    pub(super) place: Place,
    pub(super) node: Node<'a>,
    /// The index of the manager that has the table inline. Managers find other tables by name.
    pub(super) inline_in: Option<usize>,
}

/// A route that leads to a service.
#[derive(Clone, Debug)]
pub(super) struct Route<'a> {
    pub(super) place: Place,
    pub(super) node: Node<'a>,
    /// The levels with `typed_per_filter_config` and header mutations for the route, the least
    /// specific first.
    pub(super) levels: Vec<Node<'a>>,
    /// The cluster, if the route names it.
    pub(super) cluster: Option<&'a str>,
    /// The header by which the client chooses the cluster.
    pub(super) cluster_header: Option<&'a str>,
}

impl<'a> RouteTable<'a> {
    pub(super) fn new(file: &str, node: Node<'a>, inline_in: Option<usize>) -> Self {
        let name = node.get("name").text().unwrap_or("without a name");
        Self {
            place: Place::new(file, format!("route configuration {name}")),
            node,
            inline_in,
        }
    }

    /// Finds everything in the table that is not on the list.
    pub(super) fn check_list(&self, findings: &mut Vec<Finding>) {
        listed::check(&self.place, "", &ROUTE_CONFIGURATION, self.node, findings);
        for host in self.virtual_hosts() {
            let place = self.place_of_host(host);
            listed::check(&place, "", &VIRTUAL_HOST, host, findings);
            check_matcher(&place, "matcher", host.get("matcher"), findings);
            for (index, route) in routes(host).into_iter().enumerate() {
                listed::check(
                    &self.place_of(host, index, route),
                    "",
                    &ROUTE_FIELDS,
                    route,
                    findings,
                );
            }
        }
    }

    /// The table, its virtual hosts, routes and weighted clusters: every level that has settings.
    pub(super) fn levels(&self) -> Vec<(Place, Node<'a>)> {
        let mut levels = vec![(self.place.clone(), self.node)];
        for host in self.virtual_hosts() {
            levels.push((self.place_of_host(host), host));
            for (index, route) in routes(host).into_iter().enumerate() {
                let place = self.place_of(host, index, route);
                levels.extend(
                    [route]
                        .into_iter()
                        .chain(weighted_clusters(route))
                        .map(|node| (place.clone(), node)),
                );
            }
        }
        levels
    }

    /// The routes to services of `gateway`, one for each weighted cluster. Redirects and direct
    /// responses lead to no service.
    pub(super) fn routes(&self, gateway: &Gateway<'a>) -> Vec<Route<'a>> {
        let mut found: Vec<Route<'a>> = self
            .virtual_hosts()
            .flat_map(|host| self.routes_of(host))
            .collect();
        found.retain(|route| route.cluster.is_none_or(|cluster| gateway.reaches(cluster)));
        found
    }

    fn routes_of(&self, host: Node<'a>) -> Vec<Route<'a>> {
        let mut found = Vec::new();
        for (index, node) in routes(host).into_iter().enumerate() {
            let action = node.get("route");
            let place = self.place_of(host, index, node);
            let levels = vec![self.node, host, node];
            let route = Route {
                place,
                node,
                levels,
                cluster: action.get("cluster").text(),
                cluster_header: action.get("cluster_header").text(),
            };
            if action.get("weighted_clusters").is_present() {
                found.extend(weighted_clusters(node).map(|part| route.clone().with_part(part)));
            } else if action.is_present() {
                found.push(route);
            }
        }
        found
    }

    fn place_of_host(&self, host: Node<'a>) -> Place {
        let name = host.get("name").text().unwrap_or_default();
        Place::new(&self.place.file, format!("virtual host {name}"))
    }

    fn place_of(&self, host: Node<'a>, index: usize, route: Node<'a>) -> Place {
        let table = self.node.get("name").text().unwrap_or_default();
        let host = host.get("name").text().unwrap_or_default();
        let number = format!("#{}", index + 1);
        let route = route.get("name").text().unwrap_or(&number);
        Place::new(&self.place.file, format!("route {table}/{host}/{route}"))
    }

    fn virtual_hosts(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        self.node.get("virtual_hosts").items()
    }

    /// Whether virtual hosts also come from a source that lint cannot read.
    pub(super) fn has_more_elsewhere(&self) -> bool {
        self.node.get("vhds").is_present()
    }
}

impl<'a> Route<'a> {
    fn with_part(mut self, part: Node<'a>) -> Self {
        self.levels.push(part);
        Self {
            cluster: part.get("name").text(),
            cluster_header: part.get("cluster_header").text(),
            ..self
        }
    }
}

fn weighted_clusters(route: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    route
        .get("route")
        .get("weighted_clusters")
        .get("clusters")
        .items()
}

/// Finds extensions in a matcher tree other than routes, inputs and matchers.
fn check_matcher(place: &Place, field: &str, node: Node<'_>, findings: &mut Vec<Finding>) {
    let (type_name, _) = node.typed();
    let chooses = CHOOSING
        .iter()
        .any(|beginning| type_name.starts_with(beginning));
    match type_name {
        ROUTE | ROUTE_LIST => return,
        name if !name.is_empty() && (!chooses || name.contains(".dynamic_modules.")) => {
            findings.push(place.finding(Code::ExtensionUnlisted, field, format!("has {name}")));
        }
        _ => {}
    }
    let members = node.items().chain(node.entries().map(|(_, value)| value));
    members.for_each(|member| check_matcher(place, field, member, findings));
}

/// The routes of a virtual host: its list, and the actions of its matcher tree.
fn routes(host: Node<'_>) -> Vec<Node<'_>> {
    let mut routes: Vec<Node<'_>> = host.get("routes").items().collect();
    for (type_name, node) in host
        .get("matcher")
        .descendants()
        .into_iter()
        .map(Node::typed)
    {
        match type_name {
            ROUTE => routes.push(node),
            ROUTE_LIST => routes.extend(node.get("routes").items()),
            _ => {}
        }
    }
    routes
}
