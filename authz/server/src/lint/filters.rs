//! The order of the HTTP filters: whether the gate is asked, and before whom.

use super::code::Code;
use super::finding::Finding;
use super::manager::Manager;
use super::node::Node;

const AUTHORIZATION: &str = "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz";
/// Filters that may stand in front: they refuse or count requests, answer preflights and probes of health, or change bodies alone.
/// Everything else may answer for the service, or change what the gate and the service judge, as lua, ext_proc, wasm, header_mutation
/// and grpc_json_transcoder do, or make the same request authorized twice over, as a cache does.
const HARMLESS: [&str; 13] = [
    "envoy.extensions.filters.http.admission_control.v3.AdmissionControl",
    "envoy.extensions.filters.http.bandwidth_limit.v3.BandwidthLimit",
    "envoy.extensions.filters.http.buffer.v3.Buffer",
    "envoy.extensions.filters.http.compressor.v3.Compressor",
    "envoy.extensions.filters.http.cors.v3.Cors",
    "envoy.extensions.filters.http.csrf.v3.CsrfPolicy",
    "envoy.extensions.filters.http.fault.v3.HTTPFault",
    "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
    "envoy.extensions.filters.http.grpc_web.v3.GrpcWeb",
    "envoy.extensions.filters.http.health_check.v3.HealthCheck",
    "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
    "envoy.extensions.filters.http.ratelimit.v3.RateLimit",
    "envoy.extensions.filters.http.rbac.v3.RBAC",
];

/// A filter of the chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter<'a> {
    pub(super) name: &'a str,
    pub(super) node: Node<'a>,
    type_name: &'a str,
    pub(super) configuration: Node<'a>,
}

impl Filter<'_> {
    fn is_authorization(&self) -> bool {
        self.type_name == AUTHORIZATION
    }
}

/// Every filter ext_authz of `manager`.
pub(super) fn authorization<'a>(manager: &Manager<'a>) -> impl Iterator<Item = Filter<'a>> {
    filters(manager).filter(Filter::is_authorization)
}

fn filters<'a>(manager: &Manager<'a>) -> impl Iterator<Item = Filter<'a>> {
    manager.node.get("http_filters").items().map(|node| {
        let (type_name, configuration) = node.get("typed_config").typed();
        Filter { name: node.get("name").text().unwrap_or_default(), node, type_name, configuration }
    })
}

/// Whether the gate is asked first.
pub(super) fn check(manager: &Manager<'_>, findings: &mut Vec<Finding>) {
    if authorization(manager).next().is_none() {
        let found = "has no filter of the type ext_authz.v3.ExtAuthz";
        return findings.push(manager.place.finding(Code::AuthorizationMissing, "http_filters", found));
    }
    let in_front = filters(manager).take_while(|filter| !filter.is_authorization());
    for Filter { name, .. } in in_front.filter(|filter| !HARMLESS.contains(&filter.type_name)) {
        let found = format!("has {name:?} before ext_authz");
        findings.push(manager.place.finding(Code::FilterBeforeAuthorization, "http_filters", found));
    }
}
