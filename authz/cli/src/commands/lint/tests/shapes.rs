//! Other forms of the same configuration.

use serde_json::{Value, json};

use super::{BOOTSTRAP, CLUSTERS, Copy, LISTENERS, ROUTES, codes};
use crate::commands::lint::code::Code;

const MANAGER: &str = "/filter_chains/0/filters/0/typed_config";
const AUDIT_POLICY: &str = "/virtual_hosts/0/routes/7/typed_per_filter_config/\
                            envoy.filters.http.ext_authz/check_settings/context_extensions/policy";

/// The parsed resources of a file.
fn resources(copy: &Copy, file: &str) -> Vec<Value> {
    let mut document: Value = serde_saphyr::from_str(&copy.text(file)).unwrap();
    serde_json::from_value(document["resources"].take()).unwrap()
}

fn set(value: &mut Value, pointer: &str, new: Value) {
    *value
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("there is no {pointer}")) = new;
}

/// The gateway with a changed listener.
fn with_listener(change: impl FnOnce(&mut Value)) -> Copy {
    let copy = Copy::new();
    let mut listener = resources(&copy, LISTENERS).remove(0);
    change(&mut listener);
    copy.write(LISTENERS, &json!({"resources": [listener]}).to_string());
    copy
}

/// Replaces the manager's reference to a route table by `field`.
fn replace_rds(listener: &mut Value, field: &str, value: Value) {
    let manager = listener.pointer_mut(MANAGER).unwrap();
    let manager = manager.as_object_mut().unwrap();
    manager.remove("rds");
    manager.insert(field.to_owned(), value);
}

/// The gateway as one static bootstrap file with its routes inline, after `change` to listener and
/// table.
fn static_configuration(change: impl Fn(&mut Value, &mut Value)) -> Copy {
    let copy = Copy::new();
    let (mut listeners, mut tables) = (resources(&copy, LISTENERS), resources(&copy, ROUTES));
    change(&mut listeners[0], &mut tables[0]);
    replace_rds(&mut listeners[0], "route_config", tables.remove(0));
    let clusters = resources(&copy, CLUSTERS);
    let bootstrap = json!({"static_resources": {"listeners": listeners, "clusters": clusters}});
    for file in [LISTENERS, ROUTES, CLUSTERS] {
        std::fs::remove_file(copy.path(file)).unwrap();
    }
    copy.write(BOOTSTRAP, &bootstrap.to_string());
    copy
}

#[test]
fn static_configuration_with_inline_routes_is_checked() {
    let missing = static_configuration(|_, table| set(table, AUDIT_POLICY, Value::Null)).findings();
    assert_eq!(
        codes(&missing),
        [Code::RouteWithoutPolicy, Code::PolicyWithoutRoute].into()
    );
    assert!(
        missing
            .iter()
            .any(|finding| finding.place.part == "route gateway/gateway/audit"),
        "{missing:?}"
    );
    let pointer = format!("{MANAGER}/merge_slashes");
    let slashes =
        static_configuration(|listener, _| set(listener, &pointer, false.into())).findings();
    assert_eq!(codes(&slashes), [Code::SlashesNotMerged].into());
    assert_eq!(
        codes(&static_configuration(|_, _| {}).findings()),
        [].into()
    );
}

#[test]
fn typed_struct_is_checked_as_its_type() {
    struct Case {
        name: &'static str,
        kind: &'static str,
        normalize: bool,
        expected: Vec<Code>,
    }

    for Case {
        name,
        kind,
        normalize,
        expected,
    } in [
        Case {
            name: "normalized in xDS's TypedStruct",
            kind: "xds.type.v3.TypedStruct",
            normalize: true,
            expected: vec![],
        },
        Case {
            name: "not normalized in xDS's TypedStruct",
            kind: "xds.type.v3.TypedStruct",
            normalize: false,
            expected: vec![Code::PathNotNormalized],
        },
        Case {
            name: "not normalized in udpa's TypedStruct",
            kind: "udpa.type.v1.TypedStruct",
            normalize: false,
            expected: vec![Code::PathNotNormalized],
        },
        Case {
            name: "not normalized in a Struct",
            kind: "google.protobuf.Struct",
            normalize: false,
            expected: vec![Code::ListenerMissing, Code::NetworkFilterUnlisted],
        },
    ] {
        let copy = with_listener(|listener| {
            let mut manager = listener.pointer_mut(MANAGER).unwrap().take();
            let type_url = manager.as_object_mut().unwrap().remove("@type").unwrap();
            manager["normalize_path"] = normalize.into();
            let kind = format!("type.googleapis.com/{kind}");
            let wrapped = json!({"@type": kind, "type_url": type_url, "value": manager});
            set(listener, MANAGER, wrapped);
        });
        assert_eq!(
            codes(&copy.findings()),
            expected.into_iter().collect(),
            "{name}"
        );
    }
}

#[test]
fn default_filter_chain_is_checked() {
    let copy = with_listener(|listener| {
        set(listener, &format!("{MANAGER}/normalize_path"), false.into());
        listener["default_filter_chain"] = listener["filter_chains"][0].take();
        listener.as_object_mut().unwrap().remove("filter_chains");
    });
    assert_eq!(codes(&copy.findings()), [Code::PathNotNormalized].into());
}

#[test]
fn wrapped_resource_is_checked() {
    let copy = Copy::new();
    let mut table = resources(&copy, ROUTES).remove(0);
    set(&mut table, AUDIT_POLICY, "audits".into());
    let wrapped = json!({"@type": "type.googleapis.com/envoy.service.discovery.v3.Resource",
        "name": "gateway", "resource": table});
    copy.write(ROUTES, &json!({"resources": [wrapped]}).to_string());
    assert_eq!(
        codes(&copy.findings()),
        [Code::PolicyUnknown, Code::PolicyWithoutRoute].into()
    );
}

#[test]
fn routes_in_matcher_tree_are_checked() {
    let copy = Copy::new();
    let route =
        |name: &str| json!({"name": name, "match": {"prefix": "/"}, "route": {"cluster": "audit"}});
    let typed = |kind: &str, mut action: Value| {
        action["@type"] = format!("type.googleapis.com/envoy.config.route.v3.{kind}").into();
        action
    };
    let list = typed("RouteList", json!({"routes": [route("listed")]}));
    let action = |action: Value| json!({"action": {"name": "x", "typed_config": action}});
    let matcher = json!({
        "matcher_tree":
            {"exact_match_map": {"map": {"/a": action(typed("Route", route("single")))}}},
        "on_no_match": action(list)});
    let mut table = resources(&copy, ROUTES).remove(0);
    table["virtual_hosts"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "tree", "domains": ["x"], "matcher": matcher}));
    copy.write(ROUTES, &json!({"resources": [table]}).to_string());
    let parts: Vec<String> = copy
        .findings()
        .into_iter()
        .map(|finding| finding.place.part)
        .collect();
    assert_eq!(
        parts,
        ["route gateway/tree/listed", "route gateway/tree/single"]
    );
}

#[test]
fn scoped_route_table_is_checked() {
    struct Case {
        name: &'static str,
        scopes: Value,
        expected: Vec<Code>,
    }

    let scoped = |scope: Value| {
        let list = json!({"scoped_route_configurations": [scope]});
        json!({"name": "s", "scoped_route_configurations_list": list})
    };
    for Case {
        name,
        scopes,
        expected,
    } in [
        Case {
            name: "known table",
            scopes: scoped(json!({"route_configuration_name": "gateway"})),
            expected: vec![],
        },
        Case {
            name: "unknown table",
            scopes: scoped(json!({"route_configuration_name": "other"})),
            expected: vec![Code::RoutesElsewhere],
        },
        Case {
            name: "scopes elsewhere",
            scopes: json!({"name": "s", "scoped_rds": {}}),
            expected: vec![Code::RoutesElsewhere],
        },
    ] {
        let copy = with_listener(|listener| replace_rds(listener, "scoped_routes", scopes));
        assert_eq!(
            codes(&copy.findings()),
            expected.into_iter().collect(),
            "{name}"
        );
    }
}

#[test]
fn listener_with_routes_elsewhere_is_checked_fully() {
    let copy = Copy::new();
    std::fs::remove_file(copy.path(ROUTES)).unwrap();
    copy.edit(LISTENERS, "normalize_path: true", "normalize_path: false");
    assert_eq!(
        codes(&copy.findings()),
        [Code::RoutesElsewhere, Code::PathNotNormalized].into()
    );
}

#[test]
fn settings_under_custom_filter_name_apply() {
    let copy = Copy::new();
    copy.edit(
        LISTENERS,
        "- name: envoy.filters.http.ext_authz",
        "- name: authz server",
    );
    copy.write(
        ROUTES,
        &copy
            .text(ROUTES)
            .replace("envoy.filters.http.ext_authz:", "authz server:"),
    );
    assert_eq!(codes(&copy.findings()), [].into());
    // No filter has the usual name then. Envoy 1.40 accepts and ignores settings under it.
    let wrapper =
        r#"{"@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}"#;
    let cors = "          envoy.filters.http.cors:";
    copy.edit(
        ROUTES,
        cors,
        &format!("          envoy.filters.http.ext_authz: {wrapper}\n{cors}"),
    );
    assert_eq!(
        codes(&copy.findings()),
        [Code::PerFilterConfigUnknown].into()
    );
}

#[test]
fn undefined_cluster_counts_as_service_with_clusters_elsewhere() {
    struct Case {
        name: &'static str,
        source: &'static str,
        expected: Vec<Code>,
    }

    let file = "cds_config: {path_config_source: {path: ./clusters.yaml, watched_directory: {path: \
                .}}, resource_api_version: V3}";
    for Case {
        name,
        source,
        expected,
    } in [
        Case {
            name: "clusters in a file",
            source: "cds_config: {path: ./clusters.yaml}",
            expected: vec![],
        },
        Case {
            name: "clusters from a server",
            source: "cds_config: {ads: {}}",
            expected: vec![Code::AuthorizationDisabled, Code::ConfiguredElsewhere],
        },
    ] {
        let copy = Copy::new();
        copy.edit(BOOTSTRAP, file, source);
        assert_eq!(
            codes(&copy.findings()),
            expected.into_iter().collect(),
            "{name}"
        );
    }
    let copy = Copy::new();
    std::fs::remove_file(copy.path(CLUSTERS)).unwrap();
    assert_eq!(
        codes(&copy.findings()),
        [Code::AuthorizationDisabled].into()
    );
}
