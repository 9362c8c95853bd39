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

/// The gateway as one static bootstrap file with its routes inline, after `change` to listener and
/// table.
fn static_configuration(change: impl Fn(&mut Value, &mut Value)) -> Copy {
    let copy = Copy::new();
    let (mut listeners, mut tables) = (resources(&copy, LISTENERS), resources(&copy, ROUTES));
    change(&mut listeners[0], &mut tables[0]);
    let manager = listeners[0]
        .pointer_mut(MANAGER)
        .unwrap()
        .as_object_mut()
        .unwrap();
    manager.remove("rds");
    manager.insert("route_config".to_owned(), tables.remove(0));
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
    for (kind, normalize, expected) in [
        ("xds.type.v3.TypedStruct", true, vec![]),
        (
            "xds.type.v3.TypedStruct",
            false,
            vec![Code::PathNotNormalized],
        ),
        (
            "udpa.type.v1.TypedStruct",
            false,
            vec![Code::PathNotNormalized],
        ),
        (
            "google.protobuf.Struct",
            false,
            vec![Code::ListenerMissing, Code::NetworkFilterUnlisted],
        ),
    ] {
        let copy = Copy::new();
        let mut listener = resources(&copy, LISTENERS).remove(0);
        let mut manager = listener.pointer_mut(MANAGER).unwrap().take();
        let type_url = manager.as_object_mut().unwrap().remove("@type").unwrap();
        manager["normalize_path"] = normalize.into();
        let kind = format!("type.googleapis.com/{kind}");
        set(
            &mut listener,
            MANAGER,
            json!({"@type": kind, "type_url": type_url, "value": manager}),
        );
        copy.write(LISTENERS, &json!({"resources": [listener]}).to_string());
        assert_eq!(
            codes(&copy.findings()),
            expected.into_iter().collect(),
            "{kind} {normalize}"
        );
    }
}

#[test]
fn default_filter_chain_is_checked() {
    let copy = Copy::new();
    let mut listener = resources(&copy, LISTENERS).remove(0);
    set(
        &mut listener,
        &format!("{MANAGER}/normalize_path"),
        false.into(),
    );
    listener["default_filter_chain"] = listener["filter_chains"][0].take();
    listener.as_object_mut().unwrap().remove("filter_chains");
    copy.write(LISTENERS, &json!({"resources": [listener]}).to_string());
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
    let scoped = |scope: Value| {
        let list = json!({"scoped_route_configurations": [scope]});
        json!({"name": "s", "scoped_route_configurations_list": list})
    };
    for (scopes, expected) in [
        (
            scoped(json!({"route_configuration_name": "gateway"})),
            vec![],
        ),
        (
            scoped(json!({"route_configuration_name": "other"})),
            vec![Code::RoutesElsewhere],
        ),
        (
            json!({"name": "s", "scoped_rds": {}}),
            vec![Code::RoutesElsewhere],
        ),
    ] {
        let copy = Copy::new();
        let mut listener = resources(&copy, LISTENERS).remove(0);
        let manager = listener
            .pointer_mut(MANAGER)
            .unwrap()
            .as_object_mut()
            .unwrap();
        manager.remove("rds");
        manager.insert("scoped_routes".to_owned(), scopes);
        copy.write(LISTENERS, &json!({"resources": [listener]}).to_string());
        assert_eq!(codes(&copy.findings()), expected.into_iter().collect());
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
    let file = "cds_config: {path_config_source: {path: ./clusters.yaml, watched_directory: {path: \
                .}}, resource_api_version: V3}";
    for (source, expected) in [
        ("cds_config: {path: ./clusters.yaml}", vec![]),
        (
            "cds_config: {ads: {}}",
            vec![Code::AuthorizationDisabled, Code::ConfiguredElsewhere],
        ),
    ] {
        let copy = Copy::new();
        copy.edit(BOOTSTRAP, file, source);
        assert_eq!(
            codes(&copy.findings()),
            expected.into_iter().collect(),
            "{source}"
        );
    }
    let copy = Copy::new();
    std::fs::remove_file(copy.path(CLUSTERS)).unwrap();
    assert_eq!(
        codes(&copy.findings()),
        [Code::AuthorizationDisabled].into()
    );
}
