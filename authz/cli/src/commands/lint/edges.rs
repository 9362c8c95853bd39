//! Checks listeners and clusters.

use super::code::Code;
use super::finding::{Finding, Place};
use super::listed::{self, clusters::CLUSTER, listeners::LISTENER};
use super::logs;
use super::node::Node;

const QUIC: &str = "envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport";
const UPSTREAM_TLS: &str = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";
/// Fields that configure which certificates of the upstream are trusted.
const VALIDATIONS: [&str; 5] = [
    "validation_context",
    "validation_context_sds_secret_config",
    "combined_validation_context",
    "validation_context_certificate_provider",
    "validation_context_certificate_provider_instance",
];

pub(super) fn check_listener(place: &Place, listener: Node<'_>, findings: &mut Vec<Finding>) {
    listed::check(place, "", &LISTENER, listener, findings);
    logs::check(place, listener, "access_log", findings);
    let chains = listener
        .get("filter_chains")
        .items()
        .chain([listener.get("default_filter_chain")]);
    for (type_name, quic) in
        chains.map(|chain| chain.get("transport_socket").get("typed_config").typed())
    {
        let early_data = quic.get("enable_early_data");
        // Early data is on by default, and an attacker can replay it (RFC 8470).
        if type_name == QUIC && !(early_data.is_present() && early_data.is_default()) {
            let field = "transport_socket.typed_config.enable_early_data";
            findings.push(place.finding(Code::TlsWeakened, field, early_data.describe()));
        }
    }
}

pub(super) fn check_cluster(place: &Place, cluster: Node<'_>, findings: &mut Vec<Finding>) {
    listed::check(place, "", &CLUSTER, cluster, findings);
    let matches = cluster.get("transport_socket_matches").items();
    let sockets = matches
        .map(|entry| entry.get("transport_socket"))
        .chain([cluster.get("transport_socket")]);
    for (type_name, settings) in sockets.map(|socket| socket.get("typed_config").typed()) {
        let common = settings.get("common_tls_context");
        if type_name == UPSTREAM_TLS
            && !VALIDATIONS
                .iter()
                .any(|field| common.get(field).is_present())
        {
            let field = "transport_socket.typed_config.common_tls_context";
            findings.push(place.finding(Code::TlsWeakened, field, "has no validation_context"));
        }
    }
}
