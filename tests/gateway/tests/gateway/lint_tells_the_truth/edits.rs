//! Each edit changes its place or fails: an edit without effect would prove nothing.

use serde_json::{Value, json};

use dev_stack::{Edit, GatewayFiles, Part};

#[test]
fn edit_changes_its_place_or_fails() {
    struct Case {
        edit: Edit,
        expected: Value,
    }

    let before = json!({"a": {"b": 1}, "list": ["x", "y"]});
    for Case { edit, expected } in [
        Case {
            edit: Edit::Set("/a/c/d", json!(2)),
            expected: json!({"a": {"b": 1, "c": {"d": 2}}, "list": ["x", "y"]}),
        },
        Case {
            edit: Edit::Set("/list/1", json!(2)),
            expected: json!({"a": {"b": 1}, "list": ["x", 2]}),
        },
        Case {
            edit: Edit::Remove("/a/b"),
            expected: json!({"a": {}, "list": ["x", "y"]}),
        },
        Case {
            edit: Edit::First("/list", json!("w")),
            expected: json!({"a": {"b": 1}, "list": ["w", "x", "y"]}),
        },
        Case {
            edit: Edit::BeforeLast("/list", json!("w")),
            expected: json!({"a": {"b": 1}, "list": ["x", "w", "y"]}),
        },
        Case {
            edit: Edit::Instead("/list", "x", json!("w")),
            expected: json!({"a": {"b": 1}, "list": ["y", "w"]}),
        },
        Case {
            edit: Edit::Last("/new", json!("z")),
            expected: json!({"a": {"b": 1}, "list": ["x", "y"], "new": ["z"]}),
        },
        Case {
            edit: Edit::Without("/list", &["y"]),
            expected: json!({"a": {"b": 1}, "list": ["x"]}),
        },
    ] {
        let mut value = before.clone();
        assert_eq!(
            edit.apply(&mut value).ok().map(|()| value),
            Some(expected),
            "{edit:?}"
        );
    }
    for edit in [
        Edit::Set("/list/2", json!(2)),
        Edit::Remove("/a/c"),
        Edit::Instead("/list", "z", json!("w")),
        Edit::Without("/list", &["z"]),
    ] {
        assert!(edit.apply(&mut before.clone()).is_err(), "{edit:?}");
    }
}

#[test]
fn shipped_files_have_every_part() {
    let mut files = GatewayFiles::shipped().unwrap();
    for part in [
        Part::Bootstrap,
        Part::Listener,
        Part::Chain,
        Part::Manager,
        Part::Filters,
        Part::Filter("envoy.filters.http.ext_authz"),
        Part::Mutations,
        Part::Table,
        Part::Host,
        Part::Route("audit"),
        Part::Cluster("audit"),
    ] {
        assert!(files.part(part).is_some(), "{part:?}");
    }
    assert!(files.part(Part::Route("none")).is_none());
}
