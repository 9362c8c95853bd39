//! Whether a header that the service believes can come from anybody but the gate.

use super::code::Code;
use super::finding::{Finding, Place};
use super::manager::Manager;
use super::node::Node;
use super::string_matcher::matches;

/// What the gate's headers begin with; services take any header with them for its.
pub(super) const IDENTITY: [&str; 3] = ["x-user-", "x-tenant-", "x-portcullis-"];
/// Endings that no matcher has in mind: what removes names with all of these removes the prefix.
const PROBES: [&str; 3] = ["", "z", "any-9-thing"];
const EARLY_MUTATION: &str = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation";
const SAFE_UNDERSCORES: [(&str, u64); 2] = [("REJECT_REQUEST", 1), ("DROP_HEADER", 2)];

/// What the manager refuses and removes before any filter.
pub(super) fn check_manager(manager: &Manager<'_>, findings: &mut Vec<Finding>) {
    let Manager { place, node, .. } = manager;
    let mut find = |code, field: &str, found: String| findings.push(place.finding(code, field, found));
    let underscores = node.get("common_http_protocol_options").get("headers_with_underscores_action");
    if !underscores.is_one_of(&SAFE_UNDERSCORES) {
        let field = "common_http_protocol_options.headers_with_underscores_action";
        find(Code::UnderscoresPass, field, underscores.describe());
    }
    let kept =
        IDENTITY.into_iter().filter(|prefix| !PROBES.iter().all(|end| removes(*node, &format!("{prefix}{end}"))));
    let kept: Vec<&str> = kept.collect();
    if !kept.is_empty() {
        let found = format!("does not remove every header that begins with {}", kept.join(", "));
        find(Code::IdentityHeadersNotRemoved, "early_header_mutation_extensions", found);
    }
    let address = node.get("use_remote_address");
    // Extensions that find the client's address exclude the setting.
    if !address.is_true() && node.get("original_ip_detection_extensions").items().next().is_none() {
        find(Code::ClientAddressBelieved, "use_remote_address", address.describe());
    }
    let hops = node.get("xff_num_trusted_hops");
    if hops.number().is_some_and(|hops| hops > 0) && removes(*node, "x-forwarded-for") {
        find(
            Code::ClientAddressLost,
            "xff_num_trusted_hops",
            format!("{}, and x-forwarded-for is removed", hops.describe()),
        );
    }
    check_upgrades(place, *node, "upgrade_configs", findings);
}

/// Tunnels opened by `upgrade_configs` of a manager or a route.
pub(super) fn check_upgrades(place: &Place, holder: Node<'_>, field: &str, findings: &mut Vec<Finding>) {
    for upgrade in holder.get("upgrade_configs").items() {
        let enabled = upgrade.get("enabled");
        if !enabled.is_present() || enabled.is_true() {
            let name = upgrade.get("upgrade_type").text().unwrap_or_default();
            findings.push(place.finding(Code::UpgradesEnabled, field, format!("enables {name:?}")));
        }
    }
}

/// What a level of a route table does to headers, which is after the gate.
pub(super) fn check_level(place: &Place, level: Node<'_>, findings: &mut Vec<Finding>) {
    let is_identity = |name: &str| IDENTITY.iter().any(|prefix| name.to_ascii_lowercase().starts_with(prefix));
    for name in level.get("request_headers_to_remove").items().filter_map(Node::text).filter(|name| is_identity(name)) {
        let found = format!("has {name:?}");
        findings.push(place.finding(Code::IdentityHeadersRemovedLate, "request_headers_to_remove", found));
    }
    let added = level.get("request_headers_to_add").items().map(|option| option.get("header").get("key"));
    for name in added.filter_map(Node::text).filter(|name| is_identity(name)) {
        findings.push(place.finding(Code::IdentityHeadersAdded, "request_headers_to_add", format!("has {name:?}")));
    }
}

/// Whether the manager removes the header of this name, in lower case, before anything looks at it.
fn removes(manager: Node<'_>, name: &str) -> bool {
    let extensions = manager.get("early_header_mutation_extensions").items();
    let mutations = extensions.map(|extension| extension.get("typed_config").typed());
    let mutations = mutations.filter(|(type_name, _)| *type_name == EARLY_MUTATION);
    mutations.flat_map(|(_, mutation)| mutation.get("mutations").items()).any(|mutation| {
        mutation.get("remove").text().is_some_and(|removed| removed.eq_ignore_ascii_case(name))
            || matches(mutation.get("remove_on_match").get("key_matcher"), name)
    })
}
