use super::{BOOTSTRAP, CLUSTERS, Copy, LISTENERS, POLICY, ROUTES, Row, bad, codes, good};
use crate::commands::lint::code::Code;

pub(super) fn rows() -> Vec<Row> {
    let manager = "network.http_connection_manager.v3.HttpConnectionManager";
    let table = "\"@type\": type.googleapis.com/envoy.config.route.v3.RouteConfiguration\n    \
                 name: gateway";
    let admin = "address: 127.0.0.1, port_value: 9901";
    let admin_at = |address: &str| admin.replace("127.0.0.1", address);
    vec![
        bad(Code::FileUnusable, BOOTSTRAP, "node: {", "node: [{"),
        bad(Code::FileUnusable, BOOTSTRAP, "node: {", "node: {id: x, "),
        bad(Code::FileUnusable, ROUTES, table, "name: gateway").and(Code::RoutesElsewhere),
        good(
            Code::FileUnusable,
            CLUSTERS,
            "resources:",
            "---\nresources:",
        ),
        bad(
            Code::PolicyUnusable,
            POLICY,
            "callers: applications",
            "callers: everybody",
        ),
        good(
            Code::PolicyUnusable,
            POLICY,
            "callers: applications",
            "callers: 'applications'",
        ),
        bad(
            Code::ListenerMissing,
            LISTENERS,
            manager,
            "network.tcp_proxy.v3.TcpProxy",
        )
        .and(Code::NetworkFilterUnlisted),
        good(
            Code::ListenerMissing,
            LISTENERS,
            "name: gateway\n    address",
            "name: other\n    address",
        ),
        bad(
            Code::RoutesElsewhere,
            ROUTES,
            table,
            &table.replace("name: gateway", "name: other"),
        ),
        bad(
            Code::RoutesElsewhere,
            ROUTES,
            "    virtual_hosts:",
            "    vhds: {}\n    virtual_hosts:",
        ),
        good(
            Code::RoutesElsewhere,
            ROUTES,
            table,
            &table.replace("name: gateway", "name: \"gateway\""),
        ),
        bad(Code::AdminExposed, BOOTSTRAP, admin, &admin_at("0.0.0.0")),
        bad(Code::AdminExposed, BOOTSTRAP, admin, &admin_at("'::'")),
        bad(Code::AdminExposed, BOOTSTRAP, admin, &admin_at("10.0.0.1")),
        good(Code::AdminExposed, BOOTSTRAP, admin, &admin_at("127.1.2.3")),
        good(Code::AdminExposed, BOOTSTRAP, admin, &admin_at("'::1'")),
        good(
            Code::AdminExposed,
            BOOTSTRAP,
            &*format!("socket_address: {{{admin}}}").leak(),
            "pipe: {path: /run/envoy.sock}",
        ),
    ]
}

/// A change of the files, with the finding that it causes.
struct Change<'a> {
    name: &'static str,
    apply: &'a dyn Fn(&Copy),
    file: &'static str,
    problem: &'static str,
}

#[test]
fn unusable_files_are_findings_with_their_names() {
    let absent = |copy: &Copy| std::fs::remove_dir_all(copy.path("envoy")).unwrap();
    let empty = |copy: &Copy| {
        absent(copy);
        std::fs::create_dir(copy.path("envoy")).unwrap();
    };
    let large = |copy: &Copy| copy.write("envoy/large.yml", &" ".repeat(1024 * 1024 + 1));
    let other = |copy: &Copy| copy.write("envoy/other.yaml", "kind: ConfigMap");
    let dangling =
        |copy: &Copy| std::os::unix::fs::symlink("nowhere", copy.path("envoy/link.yaml")).unwrap();
    for Change {
        name,
        apply,
        file,
        problem,
    } in [
        Change {
            name: "absent folder",
            apply: &absent,
            file: "envoy",
            problem: "cannot be read",
        },
        Change {
            name: "empty folder",
            apply: &empty,
            file: "envoy",
            problem: "has no .yaml or .yml file",
        },
        Change {
            name: "large file",
            apply: &large,
            file: "large.yml",
            problem: "1048577 bytes",
        },
        Change {
            name: "other kind of file",
            apply: &other,
            file: "other.yaml",
            problem: "has neither resources nor",
        },
        Change {
            name: "dangling link",
            apply: &dangling,
            file: "link.yaml",
            problem: "cannot be read",
        },
    ] {
        let copy = Copy::new();
        apply(&copy);
        let findings = copy.findings();
        let found = findings
            .iter()
            .find(|finding| finding.code == Code::FileUnusable)
            .unwrap();
        assert!(
            found.place.file.ends_with(file) && found.found.contains(problem),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn mounted_config_map_is_read() {
    let copy = Copy::new();
    copy.edit(LISTENERS, "normalize_path: true", "normalize_path: false");
    std::fs::create_dir(copy.path("envoy/..2026")).unwrap();
    std::fs::rename(
        copy.path(LISTENERS),
        copy.path("envoy/..2026/listeners.yaml"),
    )
    .unwrap();
    std::os::unix::fs::symlink("..2026", copy.path("envoy/..data")).unwrap();
    std::os::unix::fs::symlink("..data/listeners.yaml", copy.path(LISTENERS)).unwrap();
    assert_eq!(codes(&copy.findings()), [Code::PathNotNormalized].into());
}
