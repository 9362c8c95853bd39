use super::{authz, closed, has, names};
use crate::follow::in_force::missing;
use crate::target::Target;

#[test]
fn policies_are_in_force_where_metrics_say_so() {
    struct Case<'a> {
        name: &'static str,
        target: Target,
        policies: &'a [&'a str],
        words: Option<&'static str>,
    }

    let unresolvable: Target = "no-such-host.invalid:9104".parse().unwrap();
    let many: Vec<String> = (10..22).map(|number| format!("p{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for Case {
        name,
        target,
        policies,
        words,
    } in [
        Case {
            name: "all of them",
            target: authz(200, &has(&["a", "b", "c"])),
            policies: &["a", "b"],
            words: None,
        },
        Case {
            name: "no policy is required",
            target: authz(200, ""),
            policies: &[],
            words: None,
        },
        Case {
            name: "one lacks",
            target: authz(200, &has(&["a"])),
            policies: &["a", "b"],
            words: Some(" lacks b"),
        },
        Case {
            name: "the end of another's name",
            target: authz(200, &has(&["ab"])),
            policies: &["a", "b"],
            words: Some(" lacks a, b"),
        },
        Case {
            name: "not in force",
            target: authz(200, &has(&["a"]).replace("} 1", "} 0")),
            policies: &["a"],
            words: Some(" lacks a"),
        },
        Case {
            name: "many lack",
            target: authz(200, ""),
            policies: &many,
            words: Some("p18, p19 and 2 more"),
        },
        Case {
            name: "an older authz server",
            target: authz(200, "x 1\n"),
            policies: &["a"],
            words: Some(" lacks a"),
        },
        Case {
            name: "not ready",
            target: authz(503, &has(&["a"])),
            policies: &["a"],
            words: Some("/metrics: answered 503"),
        },
        Case {
            name: "an endless answer",
            target: authz(200, &" ".repeat(9 << 20)),
            policies: &["a"],
            words: Some("longer than"),
        },
        Case {
            name: "nothing listens",
            target: closed(),
            policies: &["a"],
            words: Some("does not say which it has: /metrics: "),
        },
        Case {
            name: "nothing listens, no policy is required",
            target: closed(),
            policies: &[],
            words: Some("does not say which it has"),
        },
        Case {
            name: "no address",
            target: unresolvable,
            policies: &["a"],
            words: Some("no-such-host.invalid:9104 has no address: "),
        },
    ] {
        let found = missing(&target, &names(policies));
        assert_eq!(
            found.len(),
            usize::from(words.is_some()),
            "{name}: {found:?}"
        );
        assert!(
            found.concat().contains(words.unwrap_or_default()),
            "{name}: {found:?}"
        );
    }
}
