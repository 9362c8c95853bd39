//! Compares the list with the fields of Envoy's own messages.
//!
//! `envoy_fields.txt` has the fields from the binary of the pinned Envoy. The test
//! `tests/gateway/tests/gateway/envoy_fields.rs` keeps it up to date. A new field of a later Envoy
//! fails these tests until it has a rule.

use std::collections::{BTreeMap, BTreeSet};

use crate::commands::lint::listed::{
    Extensions, Message, Rule, bootstrap, clusters, filters, listeners, managers, routes, tls,
};

const FIELDS: &str = include_str!("envoy_fields.txt");
const ANY: &str = "google.protobuf.Any";
const ROOTS: [&Message; 11] = [
    &bootstrap::BOOTSTRAP,
    &bootstrap::DISCOVERY_RESPONSE,
    &listeners::LISTENER,
    &managers::HTTP_CONNECTION_MANAGER,
    &filters::FRONT_FILTER,
    &filters::BEHIND_FILTER,
    &routes::ROUTE_CONFIGURATION,
    &routes::VIRTUAL_HOST,
    &routes::ROUTE,
    &clusters::CLUSTER,
    &tls::SECRET,
];
/// Fields with extensions that another module of `lint` checks.
const CHECKED_ELSEWHERE: [(&str, &str); 17] = [
    (
        "envoy.config.bootstrap.v3.Bootstrap.StaticResources",
        "listeners",
    ),
    (
        "envoy.config.bootstrap.v3.Bootstrap.StaticResources",
        "clusters",
    ),
    ("envoy.service.discovery.v3.DiscoveryResponse", "resources"),
    (
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "rds",
    ),
    (
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "route_config",
    ),
    (
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "scoped_routes",
    ),
    (
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "http_filters",
    ),
    // Reported with any content if enabled.
    (
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "upgrade_configs",
    ),
    ("envoy.config.route.v3.RouteAction", "upgrade_configs"),
    (
        "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
        "http_service",
    ),
    // `lint` evaluates these matchers. A matcher that is an extension matches nothing.
    (
        "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
        "allowed_headers",
    ),
    (
        "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
        "disallowed_headers",
    ),
    (
        "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
        "filter_enabled_metadata",
    ),
    ("envoy.config.route.v3.RouteConfiguration", "virtual_hosts"),
    ("envoy.config.route.v3.RouteConfiguration", "vhds"),
    ("envoy.config.route.v3.VirtualHost", "routes"),
    ("envoy.config.route.v3.VirtualHost", "matcher"),
];

/// Types that only Istio's build of Envoy has.
const ISTIO_ONLY: [&str; 2] = [
    "envoy.tcp.metadataexchange.config.MetadataExchange",
    "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",
];

#[derive(Debug, PartialEq, Eq)]
struct Field {
    /// A scalar, an enum, a message, or `map of` one.
    kind: String,
    /// Whether the type has an `Any` at any depth.
    is_extensible: bool,
}

type Fields = BTreeMap<String, BTreeMap<String, Field>>;

/// Envoy's messages with their fields, and its enums with their values.
fn envoy_fields() -> Fields {
    let mut all = Fields::new();
    let mut message = String::new();
    for line in FIELDS.lines().filter(|line| !line.starts_with('#')) {
        if let Some(field) = line.strip_prefix("  ") {
            let (name, kind) = field.split_once(' ').unwrap();
            let (kind, is_extensible) = kind
                .strip_suffix(" extensible")
                .map_or((kind, false), |kind| (kind, true));
            let field = Field {
                kind: kind.to_owned(),
                is_extensible,
            };
            all.get_mut(&message)
                .unwrap()
                .insert(name.to_owned(), field);
        } else {
            line.clone_into(&mut message);
            all.insert(message.clone(), BTreeMap::new());
        }
    }
    all
}

/// Every message of the list once, and every extension point.
fn reachable() -> (Vec<&'static Message>, Vec<&'static Extensions>) {
    let mut messages: Vec<&Message> = ROOTS.to_vec();
    let mut points: Vec<&Extensions> = Vec::new();
    let mut next = 0;
    while let Some(message) = messages.get(next).copied() {
        next += 1;
        for (rule, _) in message.groups {
            let found: &[&'static Message] = match rule {
                Rule::Inside(inner) => &[inner],
                Rule::Any(point) | Rule::Typed(point) | Rule::Map(point) => {
                    points.push(point);
                    point.listed
                }
                _ => &[],
            };
            for inner in found {
                if !messages.iter().any(|known| std::ptr::eq(*known, *inner)) {
                    messages.push(inner);
                }
            }
        }
    }
    (messages, points)
}

#[test]
fn list_has_exactly_the_fields_of_envoy() {
    let known = envoy_fields();
    for message in reachable().0 {
        let fields: Vec<&str> = message
            .groups
            .iter()
            .flat_map(|(_, fields)| fields.iter().copied())
            .collect();
        let unique: BTreeSet<&str> = fields.iter().copied().collect();
        assert_eq!(
            unique.len(),
            fields.len(),
            "{} has two rules for a field",
            message.name
        );
        let expected: BTreeSet<&str> = known[message.name].keys().map(String::as_str).collect();
        let missing: Vec<_> = expected.difference(&unique).collect();
        let unknown: Vec<_> = unique.difference(&expected).collect();
        assert!(
            missing.is_empty() && unknown.is_empty(),
            "{}: no rule for {missing:?}, no field {unknown:?}",
            message.name
        );
    }
}

#[test]
fn rule_fits_the_type_of_its_field() {
    let known = envoy_fields();
    let mut misfits = Vec::new();
    for message in reachable().0 {
        for (rule, fields) in message.groups {
            for field in *fields {
                let Field {
                    kind,
                    is_extensible,
                } = &known[message.name][*field];
                let checked_elsewhere = CHECKED_ELSEWHERE.contains(&(message.name, field));
                let fits = match rule {
                    Rule::Harmless => !is_extensible,
                    Rule::Checked => *is_extensible == checked_elsewhere,
                    Rule::Extensible => *is_extensible,
                    Rule::Inside(inner) => kind == inner.name,
                    Rule::Any(_) => kind == ANY,
                    Rule::Map(_) => kind == &format!("map of {ANY}"),
                    Rule::Typed(_) => known[kind]
                        .keys()
                        .all(|field| ["name", "typed_config"].contains(&field.as_str())),
                    Rule::Named(_) => true,
                    Rule::OneOf(values, _) => values.iter().all(|(name, number)| {
                        known[kind]
                            .get(*name)
                            .is_some_and(|value| value.kind == number.to_string())
                    }),
                };
                if !fits {
                    let is = if *is_extensible {
                        "extensible"
                    } else {
                        "plain"
                    };
                    misfits.push(format!(
                        "{}.{field} is a {is} {kind}, but has {rule:?}",
                        message.name
                    ));
                }
            }
        }
    }
    assert!(misfits.is_empty(), "{}", misfits.join("\n"));
}

#[test]
fn list_has_only_types_of_envoy() {
    let known = envoy_fields();
    for Extensions {
        listed,
        whole,
        checked,
        named,
        ..
    } in reachable().1
    {
        let names = listed
            .iter()
            .map(|message| message.name)
            .chain(whole.iter().copied());
        let names = names
            .chain(checked.iter().copied())
            .chain(named.iter().map(|(name, _)| *name));
        for name in names.filter(|name| !name.is_empty() && !ISTIO_ONLY.contains(name)) {
            assert!(known.contains_key(name), "Envoy has no {name}");
        }
    }
}
