use std::net::IpAddr;

use super::code::Code;
use super::finding::{Finding, Place};
use super::node::Node;

/// Whether the admin interface can be reached from elsewhere.
pub(super) fn check(place: &Place, admin: Node<'_>, findings: &mut Vec<Finding>) {
    let address = admin.get("address").get("socket_address").get("address");
    let Some(text) = address.text() else { return };
    // Envoy takes no names here, so what is not an address is none of this machine's.
    if !text.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) {
        findings.push(place.finding(Code::AdminExposed, "admin.address.socket_address.address", address.describe()));
    }
}
