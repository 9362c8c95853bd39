//! Checks the bootstrap configuration: the admin interface's address, and runtime keys.

use std::net::IpAddr;

use super::code::Code;
use super::finding::{Finding, Place};
use super::listed::{self, bootstrap::BOOTSTRAP};
use super::logs;
use super::node::Node;

/// Prefixes of runtime keys that only set limits.
const LIMITS: [&str; 6] = [
    "overload.",
    "re2.",
    "circuit_breakers.",
    "health_check.",
    "upstream.",
    "envoy.resource_limits.",
];

pub(super) fn check(place: &Place, bootstrap: Node<'_>, findings: &mut Vec<Finding>) {
    listed::check(place, "", &BOOTSTRAP, bootstrap, findings);
    let admin = bootstrap.get("admin");
    check_admin(place, admin, findings);
    logs::check(place, admin, "access_log", findings);
    for layer in bootstrap.get("layered_runtime").get("layers").items() {
        for key in keys("", layer.get("static_layer")) {
            if !LIMITS.iter().any(|limit| key.starts_with(limit)) {
                let found = format!("sets {key}");
                findings.push(place.finding(
                    Code::RuntimeOverridden,
                    "layered_runtime.layers",
                    found,
                ));
            }
        }
    }
}

/// Finds an admin interface that other hosts can reach.
fn check_admin(place: &Place, admin: Node<'_>, findings: &mut Vec<Finding>) {
    let address = admin.get("address").get("socket_address").get("address");
    let Some(text) = address.text() else { return };
    // Envoy accepts no host names here, so a string that is not an address is not loopback.
    if !text
        .parse::<IpAddr>()
        .is_ok_and(|address| address.is_loopback())
    {
        findings.push(place.finding(
            Code::AdminExposed,
            "admin.address.socket_address.address",
            address.describe(),
        ));
    }
}

/// The keys of a layer. Envoy reads nested messages as keys with dots.
fn keys(prefix: &str, layer: Node<'_>) -> Vec<String> {
    let below = layer.entries().flat_map(|(key, value)| {
        let key = if prefix.is_empty() {
            key.to_owned()
        } else {
            format!("{prefix}.{key}")
        };
        let nested = keys(&key, value);
        if nested.is_empty() { vec![key] } else { nested }
    });
    below.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::node::Node;
    use super::keys;

    #[test]
    fn nested_keys_are_joined() {
        let layer = json!({"a.b": 1, "c": {"d": 2, "e": {"f": true}}});
        assert_eq!(keys("", Node::new(&layer)), ["a.b", "c.d", "c.e.f"]);
    }
}
