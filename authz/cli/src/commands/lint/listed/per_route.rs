//! Settings of HTTP filters at a route, a virtual host or a weighted cluster.

use super::filters::LOCAL_RATE_LIMIT;
use super::{Extensions, Rule, message};
use crate::commands::lint::code::Code;

pub(super) static PER_ROUTE: Extensions = Extensions {
    listed: &[&EXT_AUTHZ_PER_ROUTE, &FILTER_CONFIG, &LOCAL_RATE_LIMIT],
    whole: &[
        "envoy.extensions.filters.http.admission_control.v3.AdmissionControl",
        "envoy.extensions.filters.http.bandwidth_limit.v3.BandwidthLimit",
        "envoy.extensions.filters.http.buffer.v3.BufferPerRoute",
        "envoy.extensions.filters.http.compressor.v3.CompressorPerRoute",
        "envoy.extensions.filters.http.cors.v3.CorsPolicy",
        "envoy.extensions.filters.http.csrf.v3.CsrfPolicy",
        "envoy.extensions.filters.http.fault.v3.HTTPFault",
        "envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute",
        "envoy.extensions.filters.http.rbac.v3.RBACPerRoute",
    ],
    // `per_filter` reports settings without a type.
    checked: &[""],
    ..Extensions::NONE
};

message! { EXT_AUTHZ_PER_ROUTE = "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute";
    Rule::Checked => disabled;
    Rule::Inside(&CHECK_SETTINGS) => check_settings;
}

message! { CHECK_SETTINGS = "envoy.extensions.filters.http.ext_authz.v3.CheckSettings";
    Rule::Harmless => disable_request_body_buffering, emit_client_span;
    Rule::Checked => context_extensions;
    Rule::Named(Code::BodySent) => with_request_body;
    // Envoy 1.40 calls this server instead of the filter's.
    Rule::Named(Code::AuthorizationReplaced) => grpc_service, http_service;
}

message! { FILTER_CONFIG = "envoy.config.route.v3.FilterConfig";
    Rule::Harmless => is_optional;
    Rule::Checked => disabled;
    Rule::Any(&PER_ROUTE) => config;
}
