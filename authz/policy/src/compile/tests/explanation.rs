use portcullis_token::CallerKind;

use super::{GOOD, caller, compile};
use crate::AccessRequest;

#[test]
fn explanation_says_what_each_rule_needs_and_the_request_had() {
    let set = compile(GOOD).unwrap();
    let guest = caller(CallerKind::User, &["Reader"], &["other"]);
    let explained = set.policy("tasks").unwrap().explain(&AccessRequest {
        caller: Some(&guest),
        method: "GET",
    });
    let lines: Vec<Vec<String>> = explained
        .iter()
        .map(|rule| {
            let line = |item: &crate::Explained| {
                format!(
                    "{} {}: {} / {}",
                    item.met,
                    item.requirement.field(),
                    item.needed,
                    item.had
                )
            };
            rule.iter().map(line).collect()
        })
        .collect();
    assert_eq!(
        lines[0],
        [
            "true callers: users / users",
            "false scopes: access_as_user / other"
        ]
    );
    let application = [
        "false callers: applications / users",
        "false actors: 3a5c0004-0000-4000-8000-000000000004 / 3a5c0004-0000-4000-8000-000000000004",
        "false roles: Tasks.Read or Tasks.Write / Reader",
    ];
    assert_eq!(lines[1][0], application[0]);
    assert_eq!(lines[1][2], application[2]);
}
