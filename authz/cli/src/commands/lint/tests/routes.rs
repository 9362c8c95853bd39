use super::{CLUSTERS, Copy, POLICY, ROUTES, Row, bad, bad_route, codes, good, good_route};
use crate::commands::lint::code::Code;

const AUDIT: &str =
    "check_settings: {context_extensions: {policy: audit, removed_prefix: /auditing}}";
const ACTION: &str = "route: {cluster: audit, timeout: 15s, prefix_rewrite: /audit}";
const NOT_FOUND: &str = "route: {cluster: no-such-service,";
const VIRTUAL_HOST: &str = "          envoy.filters.http.cors:";
const PER_ROUTE: &str =
    r#""@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute"#;
const WRAPPER: &str = r#""@type": type.googleapis.com/envoy.config.route.v3.FilterConfig"#;

pub(super) fn rows() -> Vec<Row> {
    [policies(), disabled(), prefixes(), rewrites(), names()]
        .into_iter()
        .flatten()
        .collect()
}

fn policies() -> Vec<Row> {
    let service = "match: {path: /extra}, route: {cluster: audit}";
    let disabled_part = format!(
        "weighted_clusters: {{clusters: [{{name: audit, weight: 1, typed_per_filter_config: \
         {{envoy.filters.http.ext_authz: {{ {WRAPPER}, disabled: true }} }} }}]}}"
    );
    let merged = "match: {path: /extra}, route: {cluster: audit}, typed_per_filter_config: \
                  {envoy.filters.http.ext_authz:";
    vec![
        bad_route(Code::RouteWithoutPolicy, service),
        bad_route(
            Code::RouteWithoutPolicy,
            &format!("{merged} {{ {PER_ROUTE}, check_settings: {{}} }} }}"),
        ),
        bad_route(
            Code::RouteWithoutPolicy,
            "match: {path: /extra}, route: {weighted_clusters: {clusters: [{name: audit, weight: \
             1}]} }",
        ),
        bad_route(
            Code::RouteWithoutPolicy,
            "match: {path: /extra}, route: {cluster_specifier_plugin: x}",
        )
        .and(Code::ClusterChosenElsewhere),
        good_route(
            Code::RouteWithoutPolicy,
            "match: {path: /extra}, redirect: {https_redirect: true}",
        ),
        good_route(
            Code::RouteWithoutPolicy,
            "match: {path: /extra}, direct_response: {status: 404}",
        ),
        good_route(
            Code::RouteWithoutPolicy,
            "match: {path: /extra}, route: {cluster: defined-nowhere}",
        ),
        good_route(
            Code::RouteWithoutPolicy,
            &format!("{service}, typed_per_filter_config: *tasks"),
        ),
        bad(
            Code::PolicyUnknown,
            ROUTES,
            AUDIT,
            &AUDIT.replace("policy: audit", "policy: audits"),
        )
        .and(Code::PolicyWithoutRoute),
        good(
            Code::PolicyUnknown,
            ROUTES,
            AUDIT,
            &AUDIT.replace("policy: audit", "policy: \"audit\""),
        ),
        bad(
            Code::PolicyWithoutRoute,
            ROUTES,
            AUDIT,
            &AUDIT.replace("policy: audit", "policy: tasks"),
        ),
        bad(
            Code::PolicyWithoutRoute,
            POLICY,
            "metadata: {name: audit}",
            "metadata: {name: audits}",
        )
        .and(Code::PolicyUnknown),
        good(
            Code::PolicyWithoutRoute,
            POLICY,
            "metadata: {name: audit}",
            "metadata: {name: 'audit'}",
        ),
        bad(
            Code::PolicyWithoutRoute,
            ROUTES,
            ACTION,
            &ACTION.replace("cluster: audit", &disabled_part),
        )
        .and(Code::AuthorizationDisabled),
        bad_route(
            Code::ClusterChosenByClient,
            "match: {path: /extra}, route: {cluster_header: x-cluster}, typed_per_filter_config: \
             *tasks",
        ),
        good_route(
            Code::ClusterChosenByClient,
            "match: {path: /extra}, route: {cluster: audit}, typed_per_filter_config: *tasks",
        ),
    ]
}

fn disabled() -> Vec<Row> {
    let extra = |configuration: &str| {
        format!(
            "match: {{path: /extra}}, route: {{cluster: audit}}, typed_per_filter_config: \
             {configuration}"
        )
    };
    let at_part = |configuration: &str| {
        format!(
            "match: {{path: /extra}}, typed_per_filter_config: *tasks , \
             route: {{weighted_clusters: {{clusters: [{{name: audit, weight: 1, \
             typed_per_filter_config: {{envoy.filters.http.ext_authz: {configuration} }} }}]}} }}"
        )
    };
    vec![
        bad_route(Code::AuthorizationDisabled, &extra("*no_authz")),
        bad_route(
            Code::AuthorizationDisabled,
            &extra(&format!(
                "{{envoy.filters.http.ext_authz: {{ {WRAPPER}, disabled: true }} }}"
            )),
        ),
        bad_route(
            Code::AuthorizationDisabled,
            &at_part(&format!("{{ {PER_ROUTE}, disabled: yes }}")),
        ),
        // The edit defines the cluster.
        bad(
            Code::AuthorizationDisabled,
            ROUTES,
            NOT_FOUND,
            &NOT_FOUND.replace("no-such-service", "audit"),
        ),
        bad(
            Code::AuthorizationDisabled,
            CLUSTERS,
            "    name: audit\n",
            "    name: no-such-service\n",
        )
        .and(Code::PolicyWithoutRoute),
        // The most specific level decides.
        good_route(
            Code::AuthorizationDisabled,
            &at_part(&format!("{{ {PER_ROUTE}, check_settings: {{}} }}")),
        ),
        good(
            Code::AuthorizationDisabled,
            ROUTES,
            VIRTUAL_HOST,
            &format!(
                "          envoy.filters.http.ext_authz: {{ {WRAPPER}, disabled: \
                 true}}\n{VIRTUAL_HOST}"
            ),
        ),
        good_route(
            Code::AuthorizationDisabled,
            "match: {path: /extra}, direct_response: {status: 404}, typed_per_filter_config: \
             *no_authz",
        ),
    ]
}

fn prefixes() -> Vec<Row> {
    let extra = |matched: &str, more: &str, configuration: &str| {
        format!(
            "match: {{ {matched} }}, route: {{cluster: audit, {more} }}, typed_per_filter_config: \
             {configuration}"
        )
    };
    let regex = r#"regex_rewrite: {pattern: {regex: "^/notification(/.*)$"}, substitution: "\\1"}"#;
    let unclear = r#"regex_rewrite: {pattern: {regex: "^/[a-z]+(/.*)$"}, substitution: "\\1"}"#;
    vec![
        bad(
            Code::RemovedPrefixWrong,
            ROUTES,
            AUDIT,
            &AUDIT.replace("/auditing", "/audit"),
        ),
        bad(
            Code::RemovedPrefixWrong,
            ROUTES,
            AUDIT,
            &AUDIT.replace("/auditing", "/auditing/"),
        ),
        bad(
            Code::RemovedPrefixWrong,
            ROUTES,
            AUDIT,
            &AUDIT.replace(", removed_prefix: /auditing", ""),
        ),
        bad(
            Code::RemovedPrefixWrong,
            ROUTES,
            "cluster: audit, timeout: 15s, prefix_rewrite: /audit",
            "cluster: audit, timeout: 15s",
        ),
        bad_route(
            Code::RemovedPrefixWrong,
            &extra("prefix: /x/", "prefix_rewrite: /", "*tasks"),
        ),
        bad_route(
            Code::RemovedPrefixWrong,
            &extra("prefix: /notification/", regex, "*tasks"),
        ),
        bad_route(
            Code::RemovedPrefixWrong,
            &extra("prefix: /notification/", unclear, "*tasks"),
        ),
        good_route(
            Code::RemovedPrefixWrong,
            &extra(
                "prefix: /notification/",
                "prefix_rewrite: /",
                "*notifications",
            ),
        ),
        good_route(
            Code::RemovedPrefixWrong,
            &extra("prefix: /notification/", regex, "*notifications"),
        ),
        good_route(
            Code::RemovedPrefixWrong,
            &extra("prefix: /notification/", unclear, "*notifications"),
        ),
        good_route(
            Code::RemovedPrefixWrong,
            &extra("prefix: /x/", "prefix_rewrite: /x/", "*tasks"),
        ),
    ]
}

fn rewrites() -> Vec<Row> {
    let extra = |matched: &str, rewrite: &str| {
        format!(
            "match: {{ {matched} }}, route: {{cluster: audit, {rewrite} }}, \
             typed_per_filter_config: *notifications"
        )
    };
    let regex = |pattern: &str| {
        extra(
            "prefix: /notification/",
            &format!(r#"regex_rewrite: {{pattern: {{regex: "{pattern}"}}, substitution: "/"}}"#),
        )
    };
    vec![
        bad_route(
            Code::RewriteNotSignable,
            &extra("prefix: /notification", "prefix_rewrite: /"),
        ),
        bad_route(
            Code::RewriteNotSignable,
            &extra("path_separated_prefix: /notification", "prefix_rewrite: /"),
        ),
        bad_route(
            Code::RewriteNotSignable,
            &extra("path: /notification/x", "prefix_rewrite: /y"),
        ),
        good_route(
            Code::RewriteNotSignable,
            &extra("path: /notification/x", "prefix_rewrite: /x"),
        ),
        good_route(
            Code::RewriteNotSignable,
            &extra(
                "path_separated_prefix: /notification/x",
                "prefix_rewrite: /x",
            ),
        ),
        bad_route(Code::RewriteNotAnchored, &regex("/notification/")),
        bad_route(Code::RewriteNotAnchored, &regex("(/notification)/")),
        good_route(Code::RewriteNotAnchored, &regex("^/notification/")),
        good_route(Code::RewriteNotAnchored, &regex("(?i)^/notification/")),
    ]
}

fn names() -> Vec<Row> {
    let cors = "          envoy.filters.http.cors:\n            \"@type\": \
                type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy\n";
    let audit = format!("{PER_ROUTE}\n                {AUDIT}");
    let audit: &'static str = audit.leak();
    let extra = |key: &str, configuration: &str| {
        format!(
            "match: {{path: /extra}}, direct_response: {{status: 404}}, typed_per_filter_config: \
             {{ {key}: {{ {configuration} }} }}"
        )
    };
    vec![
        bad(Code::PerFilterConfigUnknown, ROUTES, audit, AUDIT),
        bad(
            Code::PerFilterConfigUnknown,
            ROUTES,
            cors,
            "          envoy.filters.http.cors:\n",
        ),
        bad_route(
            Code::PerFilterConfigUnknown,
            &extra(
                "envoy.filters.http.ext_auth",
                &format!("{PER_ROUTE}, disabled: true"),
            ),
        ),
        bad_route(
            Code::PerFilterConfigUnknown,
            &extra(
                "x",
                &format!("{WRAPPER}, config: {{ {PER_ROUTE}, disabled: true }}"),
            ),
        ),
        bad_route(
            Code::PerFilterConfigUnknown,
            &extra(
                "envoy.filters.http.ext_authz",
                r#""@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy"#,
            ),
        ),
        good_route(
            Code::PerFilterConfigUnknown,
            &extra(
                "x",
                r#""@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy"#,
            ),
        ),
        good_route(
            Code::PerFilterConfigUnknown,
            &extra(
                "envoy.filters.http.ext_authz",
                &format!("{WRAPPER}, config: {{ {PER_ROUTE}, disabled: true }}"),
            ),
        ),
    ]
}

#[test]
fn route_inherits_policy_of_outer_level() {
    struct Case {
        name: &'static str,
        from: &'static str,
        to: String,
    }

    let settings = format!(
        "envoy.filters.http.ext_authz: {{ {PER_ROUTE}, check_settings: {{context_extensions: \
         {{policy: audit}} }} }}"
    );
    let table = "    name: gateway\n    virtual_hosts:";
    for Case { name, from, to } in [
        Case {
            name: "route table",
            from: table,
            to: format!("    typed_per_filter_config: {{ {settings} }}\n{table}"),
        },
        Case {
            name: "virtual host",
            from: VIRTUAL_HOST,
            to: format!("          {settings}\n{VIRTUAL_HOST}"),
        },
    ] {
        let copy = Copy::new();
        copy.edit(ROUTES, AUDIT, &AUDIT.replace("policy: audit, ", ""));
        assert_eq!(
            codes(&copy.findings()),
            [Code::RouteWithoutPolicy, Code::PolicyWithoutRoute].into()
        );
        copy.edit(ROUTES, from, &to);
        assert_eq!(codes(&copy.findings()), [].into(), "{name}: {to}");
    }
}
