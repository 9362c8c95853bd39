//! Each edit changes its place or fails: an edit without effect would prove nothing.

use serde_json::json;

use dev_stack::{Edit, GatewayFiles, Part};

#[test]
fn edit_changes_its_place_or_fails() {
    let before = json!({"a": {"b": 1}, "list": ["x", "y"]});
    for (edit, expected) in [
        (
            Edit::Set("/a/c/d", json!(2)),
            Some(json!({"a": {"b": 1, "c": {"d": 2}}, "list": ["x", "y"]})),
        ),
        (
            Edit::Set("/list/1", json!(2)),
            Some(json!({"a": {"b": 1}, "list": ["x", 2]})),
        ),
        (Edit::Set("/list/2", json!(2)), None),
        (
            Edit::Remove("/a/b"),
            Some(json!({"a": {}, "list": ["x", "y"]})),
        ),
        (Edit::Remove("/a/c"), None),
        (
            Edit::First("/list", json!("w")),
            Some(json!({"a": {"b": 1}, "list": ["w", "x", "y"]})),
        ),
        (
            Edit::BeforeLast("/list", json!("w")),
            Some(json!({"a": {"b": 1}, "list": ["x", "w", "y"]})),
        ),
        (
            Edit::Instead("/list", "x", json!("w")),
            Some(json!({"a": {"b": 1}, "list": ["y", "w"]})),
        ),
        (Edit::Instead("/list", "z", json!("w")), None),
        (
            Edit::Last("/new", json!("z")),
            Some(json!({"a": {"b": 1}, "list": ["x", "y"], "new": ["z"]})),
        ),
        (
            Edit::Without("/list", &["y"]),
            Some(json!({"a": {"b": 1}, "list": ["x"]})),
        ),
        (Edit::Without("/list", &["z"]), None),
    ] {
        let mut value = before.clone();
        assert_eq!(
            edit.apply(&mut value).ok().map(|()| value),
            expected,
            "{edit:?}"
        );
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
