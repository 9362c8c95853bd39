use std::collections::HashSet;

use super::{CASES, NO_AUTH, chosen, with_base};
use crate::case::{ServerKind, base_name};

#[test]
fn cases_have_distinct_names_and_begin_with_the_baseline() {
    let names: HashSet<_> = CASES.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), CASES.len());
    assert_eq!(CASES[0].name, NO_AUTH.name);
}

#[test]
fn authz_cases_have_a_floor_over_their_transport() {
    for case in CASES {
        let floor = case.floor();
        let is_authz = case
            .server()
            .is_some_and(|server| matches!(server.kind, ServerKind::Authz | ServerKind::AuthzMac));
        assert_eq!(floor.is_some(), is_authz, "{}", case.name);
        if let (Some(floor), Some(server)) = (floor, case.server()) {
            assert_eq!(
                floor.server().unwrap().transport,
                server.transport,
                "{}",
                case.name
            );
        }
    }
}

#[test]
fn chosen_cases_include_their_comparisons() {
    let names = |chosen_by: &str| -> Vec<_> {
        chosen(&[chosen_by.to_owned()])
            .iter()
            .map(|case| case.name)
            .collect()
    };
    let compared = [
        "no auth",
        "jwt_authn + rbac (cache off)",
        "no-op over Unix",
        "identity over Unix",
    ];
    assert_eq!(names("identity over Unix"), compared);
    assert_eq!(names("no such case"), compared[..2]);
    assert_eq!(chosen(&[]).len(), CASES.len());
}

#[test]
fn case_with_an_authz_server_is_followed_by_its_base() {
    let cases = with_base(&chosen(&["identity over Unix".to_owned()]));
    let names: Vec<_> = cases.iter().map(|case| case.name).collect();
    let base = base_name("identity over Unix");
    assert_eq!(
        names,
        [
            "no auth",
            "jwt_authn + rbac (cache off)",
            "no-op over Unix",
            "identity over Unix",
            &base,
        ]
    );
    assert_ne!(cases[3].server(), cases[4].server());
    assert!(cases[4].floor().is_none(), "the base has no goals");
}
