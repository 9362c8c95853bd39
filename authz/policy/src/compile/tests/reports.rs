use super::{GOOD, compile};
use crate::PolicySet;

#[test]
fn yaml_errors_have_their_place_and_no_words_of_the_library() {
    struct Case {
        name: &'static str,
        good: &'static str,
        bad: &'static str,
        expected: &'static str,
    }
    for Case {
        name,
        good,
        bad,
        expected,
    } in [
        Case {
            name: "a list without an end",
            good: "issuer: entra",
            bad: "issuer: [",
            expected: ": is not YAML: ",
        },
        Case {
            name: "a duplicate key",
            good: "issuer: entra",
            bad: "issuer: entra\n  issuer: entra",
            expected: "policy.yaml:13:3: document 2: spec.issuer: \
                       'issuer' is here a second time; keep one of them",
        },
        Case {
            name: "two documents without a line between them",
            good: "---\n",
            bad: "",
            expected: "policy.yaml:7:1: document 1: apiVersion: \
                       'apiVersion' is here a second time in one document; write a line ---",
        },
    ] {
        let problems = compile(&GOOD.replace(good, bad)).unwrap_err();
        assert!(problems.contains(expected), "{name}: {bad}:\n{problems}");
        assert!(
            problems.starts_with("policy.yaml:") && !problems.contains("in Options"),
            "{name}: {problems}"
        );
    }
}

#[test]
fn every_mistake_is_reported_at_once() {
    let text = GOOD
        .replace("issuer: entra", "isuer: entra")
        .replace("callers: users", "callers: everyone")
        .replace("requests: 100", "requests: many")
        .replace("tenants:", "tenant:");
    let problems = compile(&text).unwrap_err();
    for part in [
        "spec.isuer",
        "spec.allow[0].callers",
        "spec.rateLimit.requests",
        "spec.entra.tenant",
    ] {
        assert!(problems.contains(part), "{part} is missing in:\n{problems}");
    }
}

#[test]
fn bad_field_hides_no_other_mistake_and_makes_none() {
    struct Case {
        name: &'static str,
        edits: &'static [(&'static str, &'static str)],
        expected: &'static [&'static str],
    }
    for Case {
        name,
        edits,
        expected,
    } in [
        Case {
            name: "a semantic mistake after a bad field",
            edits: &[
                ("callers: users", "callers: users\n      colour: red"),
                ("per: 60s", "per: 25h"),
            ],
            expected: &[
                "policy.yaml:16:7: RoutePolicy tasks: spec.allow[0].colour: unknown field",
                "policy.yaml:21:30: RoutePolicy tasks: spec.rateLimit.per: \
                 is not between 1s and 24h",
            ],
        },
        Case {
            name: "a bad rule before one with a mistake",
            edits: &[
                ("callers: users", "callers: user"),
                ("[Tasks.Read, Tasks.Write]", "[]"),
            ],
            expected: &[
                "policy.yaml:15:7: RoutePolicy tasks: spec.allow[0].callers: unknown value",
                "policy.yaml:18:7: RoutePolicy tasks: spec.allow[1].roles: is missing",
            ],
        },
        Case {
            name: "a misspelled field that is needed",
            edits: &[("  issuer: entra", "  isuer: entra")],
            expected: &["policy.yaml:12:3: RoutePolicy tasks: spec.isuer: unknown field"],
        },
        Case {
            name: "a misspelled field that the schema needs",
            edits: &[("upstream: {name", "upstream: {nam")],
            expected: &["policy.yaml:21:14: RoutePolicy tasks: spec.upstream.nam: unknown field"],
        },
        Case {
            name: "a misspelled field that the schema needs, behind an unknown one",
            edits: &[("upstream: {name", "upstream: {colour: red, nam")],
            expected: &[
                "policy.yaml:21:14: RoutePolicy tasks: spec.upstream.colour: unknown field",
                "policy.yaml:21:27: RoutePolicy tasks: spec.upstream.nam: unknown field",
            ],
        },
        Case {
            name: "several mistakes beside a field that is missing",
            edits: &[
                ("upstream: {name: task-api, ", "upstream: {colour: red, "),
                ("forwardToken: true", "forwardToken: perhaps"),
            ],
            expected: &[
                "policy.yaml:21:14: RoutePolicy tasks: spec.upstream.colour: unknown field",
                "policy.yaml:21:3: RoutePolicy tasks: spec.upstream.name: is missing",
                "policy.yaml:21:27: RoutePolicy tasks: spec.upstream.forwardToken: invalid type",
            ],
        },
        Case {
            name: "a value that only the parser denies after a bad rule",
            edits: &[
                ("callers: users", "callers: user"),
                (
                    "actors: [3a5c0004-0000-4000-8000-000000000004]",
                    "claims: {acr: [a, 9223372036854775808]}",
                ),
                ("per: 60s", "per: 10 lightyears"),
            ],
            expected: &[
                "policy.yaml:15:7: RoutePolicy tasks: spec.allow[0].callers: unknown value",
                "policy.yaml:19:25: RoutePolicy tasks: spec.allow[1].claims.acr[1]: neither",
                "policy.yaml:20:30: RoutePolicy tasks: spec.rateLimit.per: '10 lightyears' is not",
            ],
        },
        Case {
            name: "an issuer that cannot be read",
            edits: &[(
                "metadata: {name: entra, labels: {team: a}}",
                "metadata: {labels: {team: a}}",
            )],
            expected: &["policy.yaml:4:1: TokenIssuer (document 1): metadata.name: is missing"],
        },
        Case {
            name: "a document that is not YAML behind two others",
            edits: &[
                (
                    "forwardToken: true}\n",
                    "forwardToken: true}\n---\nbroken: *nowhere\n",
                ),
                ("requests: 100", "requests: 0"),
            ],
            expected: &[
                "policy.yaml:20:15: RoutePolicy tasks: spec.rateLimit.requests: is not between",
                "policy.yaml:23:9: is not YAML: ",
            ],
        },
    ] {
        let text = edits.iter().fold(GOOD.to_owned(), |text, (good, bad)| {
            text.replacen(good, bad, 1)
        });
        let problems = compile(&text).unwrap_err();
        let lines: Vec<&str> = problems.lines().collect();
        assert_eq!(lines.len(), expected.len(), "{name}:\n{problems}");
        for part in expected {
            assert!(
                lines.iter().any(|line| line.starts_with(part)),
                "{name}: {part} is missing in:\n{problems}"
            );
        }
    }
}

#[test]
fn mistakes_in_several_files_are_reported_at_once() {
    let [issuer, policy] = GOOD.split("---").collect::<Vec<_>>().try_into().unwrap();
    let policy = policy.replace("per: 60s", "per: 25h");
    let files = [
        ("a.yaml", "kind: ["),
        ("b.yaml", policy.as_str()),
        ("c.yaml", "kind: Nothing"),
        ("d.yaml", issuer),
    ];
    let problems = PolicySet::compile(files).unwrap_err().to_string();
    for part in [
        "a.yaml:",
        "b.yaml:14:30: RoutePolicy tasks: spec.rateLimit.per",
        "c.yaml:1:1: document 1: kind: must be one of",
    ] {
        assert!(problems.contains(part), "{part} is missing in:\n{problems}");
    }
    assert_eq!(problems.lines().count(), 3, "{problems}");
}

#[test]
fn names_are_unique_and_a_set_has_policies() {
    let problems = compile(&format!("{GOOD}---{GOOD}")).unwrap_err();
    for part in [
        "policy.yaml:25:12: TokenIssuer entra: metadata.name: \
         another TokenIssuer has the same name 'entra', at policy.yaml:4:12",
        "RoutePolicy tasks: metadata.name: \
         another RoutePolicy has the same name 'tasks', at policy.yaml:10:12; rename",
    ] {
        assert!(problems.contains(part), "{part} is missing in:\n{problems}");
    }
    assert!(compile("").unwrap_err().contains("has no RoutePolicy"));
}
