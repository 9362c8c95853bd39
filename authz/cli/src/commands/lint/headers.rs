//! Checks whether a client can set headers that services expect from the authz server.

use super::code::Code;
use super::early::{self, Removals};
use super::finding::{Finding, Place};
use super::manager::Manager;
use super::node::Node;
use super::removed::is_identity;

const SAFE_UNDERSCORES: [(&str, u64); 2] = [("REJECT_REQUEST", 1), ("DROP_HEADER", 2)];
const XFF: &str = "envoy.extensions.http.original_ip_detection.xff.v3.XffConfig";

/// Checks which headers the manager rejects and removes before any filter.
pub(super) fn check_manager(manager: &Manager<'_>, findings: &mut Vec<Finding>) {
    let Manager { place, node, .. } = manager;
    let underscores = node
        .get("common_http_protocol_options")
        .get("headers_with_underscores_action");
    if !underscores.is_one_of(&SAFE_UNDERSCORES) {
        let field = "common_http_protocol_options.headers_with_underscores_action";
        findings.push(place.finding(Code::UnderscoresPass, field, underscores.describe()));
    }
    let removals = Removals::of(*node);
    early::check(manager, &removals, findings);
    check_address(place, *node, &removals, findings);
    check_upgrades(place, *node, "upgrade_configs", findings);
}

/// Checks from which headers Envoy takes the client's address.
fn check_address(
    place: &Place,
    manager: Node<'_>,
    removals: &Removals<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut find =
        |code, field: &str, found: String| findings.push(place.finding(code, field, found));
    let detections: Vec<Node<'_>> = manager
        .get("original_ip_detection_extensions")
        .items()
        .collect();
    let address = manager.get("use_remote_address");
    // Envoy accepts either the setting or detection extensions. The list checks their types.
    if detections.is_empty() && !address.is_true() {
        find(
            Code::ClientAddressBelieved,
            "use_remote_address",
            address.describe(),
        );
    }
    for (index, detection) in detections.into_iter().enumerate() {
        if let (XFF, settings) = detection.get("typed_config").typed()
            && trusts_any_proxy(settings)
        {
            let field = format!("original_ip_detection_extensions[{index}].typed_config");
            find(
                Code::ClientAddressBelieved,
                &field,
                "trusts no proxy, or all".to_owned(),
            );
        }
    }
    let hops = manager.get("xff_num_trusted_hops");
    let is_removed = removals.removes("x-forwarded-for");
    if !hops.is_default() && is_removed {
        let found = format!("{}, and x-forwarded-for is removed", hops.describe());
        find(Code::ClientAddressLost, "xff_num_trusted_hops", found);
    }
    // Envoy appends the address of the connection, but a service may use the first of the list.
    if hops.is_default() && address.is_true() && !is_removed {
        let found = "does not remove x-forwarded-for, and no hop is trusted".to_owned();
        find(
            Code::ClientAddressBelieved,
            "early_header_mutation_extensions",
            found,
        );
    }
}

/// Whether Envoy trusts the last address of `x-forwarded-for`, even if the client wrote it.
fn trusts_any_proxy(settings: Node<'_>) -> bool {
    let ranges: Vec<Node<'_>> = settings
        .get("xff_trusted_cidrs")
        .get("cidrs")
        .items()
        .collect();
    let is_everything = |range: &Node<'_>| range.get("prefix_len").is_default();
    let hops = settings
        .get("xff_num_trusted_hops")
        .number()
        .unwrap_or_default();
    ranges.iter().any(is_everything) || (ranges.is_empty() && hops == 0)
}

/// Finds tunnels that `upgrade_configs` of a manager or a route enable.
pub(super) fn check_upgrades(
    place: &Place,
    holder: Node<'_>,
    field: &str,
    findings: &mut Vec<Finding>,
) {
    for upgrade in holder.get("upgrade_configs").items() {
        let enabled = upgrade.get("enabled");
        if !enabled.is_present() || enabled.is_true() {
            let name = upgrade.get("upgrade_type").text().unwrap_or_default();
            findings.push(place.finding(Code::UpgradesEnabled, field, format!("enables {name:?}")));
        }
    }
}

/// Checks the header mutations of a level of a route table, which run after the authz server.
pub(super) fn check_level(place: &Place, level: Node<'_>, findings: &mut Vec<Finding>) {
    for name in level
        .get("request_headers_to_remove")
        .items()
        .filter_map(Node::text)
        .filter(|name| is_identity(name))
    {
        let found = format!("has {name:?}");
        findings.push(place.finding(
            Code::IdentityHeadersRemovedLate,
            "request_headers_to_remove",
            found,
        ));
    }
    let added = level
        .get("request_headers_to_add")
        .items()
        .map(|option| option.get("header").get("key"));
    for name in added
        .filter_map(Node::text)
        .filter(|name| is_identity(name))
    {
        findings.push(place.finding(
            Code::IdentityHeadersAdded,
            "request_headers_to_add",
            format!("has {name:?}"),
        ));
    }
}
