use super::case::Cases;
use super::judge::judge;
use super::report::Report;
use portcullis_policy::PolicySet;
use portcullis_server::OfflinePolicies;
use portcullis_server::PolicyText;

mod providers;

const POLICIES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/policies/task-suite.yaml"
);
const CASES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/policies/task-suite-cases.yaml"
);

async fn run(cases: &str) -> Report {
    run_on(
        PolicyText::read([POLICIES.as_ref()])
            .unwrap()
            .compile()
            .unwrap(),
        cases,
    )
    .await
}

async fn run_on(policies: PolicySet, cases: &str) -> Report {
    let offline = OfflinePolicies::new(policies).await.unwrap();
    let mut report = Report::new("cases");
    for case in &Cases::parse(cases).unwrap().cases {
        report.add(case, judge(&offline, case).await.unwrap());
    }
    report
}

#[tokio::test]
async fn sample_policies_pass_their_cases() {
    let cases = std::fs::read_to_string(CASES).unwrap();
    let report = run(&cases).await;
    assert_eq!(report.failed(), 0, "{}", report.text());
    assert!(Cases::parse(&cases).unwrap().cases.len() >= 12);
}

#[tokio::test]
async fn report_names_every_difference() {
    struct Row {
        name: &'static str,
        case: &'static str,
        difference: &'static str,
    }

    for Row {
        name,
        case,
        difference,
    } in [
        Row {
            name: "allowed",
            case: "claims: {scp: access_as_user}, expect: {outcome: deny}",
            difference: "it is allowed instead of denied",
        },
        Row {
            name: "denied",
            case: "expect: {outcome: allow}",
            difference: "it is denied instead of allowed: {",
        },
        Row {
            name: "other status",
            case: "expect: {outcome: deny, status: 403}",
            difference: "status 401 instead of 403",
        },
        Row {
            name: "other reason",
            case: "expect: {outcome: deny, reason: token_expired}",
            difference: "reason token_missing instead of token_expired",
        },
        Row {
            name: "other header",
            case: "claims: {scp: access_as_user, name: Ada}, \
             expect: {outcome: allow, headers: {x-user-name: Bob}}",
            difference: "header x-user-name is 'Ada' instead of 'Bob'",
        },
        Row {
            name: "no header",
            case: "claims: {scp: access_as_user}, \
             expect: {outcome: allow, headers: {x-user-name: Bob}}",
            difference: "header x-user-name is not set; expected 'Bob'",
        },
        Row {
            name: "unexpected header",
            case: "claims: {scp: access_as_user, name: Ada}, \
             expect: {outcome: allow, headers: {x-user-name: null}}",
            difference: "header x-user-name is 'Ada' and should not be set",
        },
        Row {
            name: "header of the client",
            case: "claims: {scp: access_as_user}, \
             expect: {outcome: allow, headers: {authorization: null}}",
            difference: "header authorization would reach the service as the client sent it",
        },
    ] {
        let report = run(&format!("cases: [{{name: c, policy: tasks, {case}}}]")).await;
        assert!(
            report.text().contains(difference),
            "{name}: {case}:\n{}",
            report.text()
        );
        let xml = report.junit().unwrap();
        assert!(
            xml.contains("<failure") && xml.contains("name=\"c\""),
            "{name}: {xml}"
        );
    }
}

#[tokio::test]
async fn token_is_verified_one_second_after_its_issue() {
    let policies = PolicyText::read([POLICIES.as_ref()])
        .unwrap()
        .compile()
        .unwrap();
    let offline = OfflinePolicies::new(policies).await.unwrap();
    let policy = offline.policies().policy("tasks").unwrap();
    let wanted = serde_json::json!({"scp": "access_as_user"});
    let claims = offline.verifier(policy).unwrap().claims(
        &policy.tokens.as_ref().unwrap().audiences,
        1_700_000_000,
        wanted.as_object().unwrap(),
    );
    let token = offline.issuer().sign(&claims).unwrap();
    let report = run(&format!(
        "cases: [{{name: a, policy: tasks, token: {token}, expect: {{outcome: allow}}}},
                 {{name: b, policy: tasks, at: 1700009999, token: {token},
                   expect: {{outcome: deny, reason: token_expired}}}}]"
    ))
    .await;
    assert_eq!(report.failed(), 0, "{}", report.text());
}

#[test]
fn cases_reject_contradictory_files() {
    struct Case {
        name: &'static str,
        text: &'static str,
        problem: &'static str,
    }

    for Case {
        name,
        text,
        problem,
    } in [
        Case {
            name: "no case",
            text: "cases: []",
            problem: "no cases",
        },
        Case {
            name: "two cases of one name",
            text: "cases: [{name: a, policy: p, expect: {outcome: allow}}, \
             {name: a, policy: p, expect: {outcome: allow}}]",
            problem: "two cases",
        },
        Case {
            name: "claims and token",
            text: "cases: [{name: a, policy: p, claims: {}, token: t, expect: {outcome: allow}}]",
            problem: "exclude each other",
        },
        Case {
            name: "status of an allowed case",
            text: "cases: [{name: a, policy: p, expect: {outcome: allow, status: 200}}]",
            problem: "neither status nor reason",
        },
        Case {
            name: "unknown field",
            text: "cases: [{name: a, polcy: p, expect: {outcome: allow}}]",
            problem: "polcy",
        },
        Case {
            name: "unknown outcome",
            text: "cases: [{name: a, policy: p, expect: {outcome: maybe}}]",
            problem: "maybe",
        },
    ] {
        let error = format!("{:#}", Cases::parse(text).unwrap_err());
        assert!(error.contains(problem), "{name}: {error}");
    }
}
