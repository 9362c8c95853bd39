use super::case::Cases;
use super::judge::judge;
use super::report::Report;
use crate::policy_source::PolicyText;
use crate::rehearsal::Stage;

const POLICIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dev/stack/policy.yaml");
const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dev/stack/policy-cases.yaml");

async fn run(cases: &str) -> Report {
    let policies = PolicyText::read([POLICIES.as_ref()]).unwrap().compile().unwrap();
    let stage = Stage::set(policies).await.unwrap();
    let mut report = Report::new("cases");
    for case in &Cases::parse(cases).unwrap().cases {
        report.add(case, judge(&stage, case).await.unwrap());
    }
    report
}

#[tokio::test]
async fn the_sample_policies_say_what_their_cases_expect() {
    let cases = std::fs::read_to_string(CASES).unwrap();
    let report = run(&cases).await;
    assert_eq!(report.failed(), 0, "{}", report.text());
    assert!(Cases::parse(&cases).unwrap().cases.len() >= 12);
}

#[tokio::test]
async fn every_difference_is_named() {
    for (case, difference) in [
        ("claims: {scp: access_as_user}, expect: {outcome: deny}", "it is allowed instead of denied"),
        ("expect: {outcome: allow}", "it is denied instead of allowed: {"),
        ("expect: {outcome: deny, status: 403}", "status 401 instead of 403"),
        ("expect: {outcome: deny, reason: token_expired}", "reason token_missing instead of token_expired"),
        (
            "claims: {scp: access_as_user, name: Ada}, expect: {outcome: allow, headers: {x-user-name: Bob}}",
            "header x-user-name is 'Ada' instead of 'Bob'",
        ),
        (
            "claims: {scp: access_as_user}, expect: {outcome: allow, headers: {x-user-name: Bob}}",
            "header x-user-name is not set; expected 'Bob'",
        ),
        (
            "claims: {scp: access_as_user, name: Ada}, expect: {outcome: allow, headers: {x-user-name: null}}",
            "header x-user-name is 'Ada' and should not be set",
        ),
        (
            "claims: {scp: access_as_user}, expect: {outcome: allow, headers: {authorization: null}}",
            "header authorization would reach the service as the client sent it",
        ),
    ] {
        let report = run(&format!("cases: [{{name: c, policy: tasks, {case}}}]")).await;
        assert!(report.text().contains(difference), "{case}:\n{}", report.text());
        let xml = report.junit().unwrap();
        assert!(xml.contains("<failure") && xml.contains("name=\"c\""), "{xml}");
    }
}

#[tokio::test]
async fn a_token_is_judged_by_its_claims_at_the_second_after_its_issue() {
    let policies = PolicyText::read([POLICIES.as_ref()]).unwrap().compile().unwrap();
    let stage = Stage::set(policies).await.unwrap();
    let policy = stage.policies().policy("tasks").unwrap();
    let wanted = serde_json::json!({"scp": "access_as_user"});
    let claims = stage.verifier(policy).unwrap().claims(
        &policy.tokens.as_ref().unwrap().audiences,
        1_700_000_000,
        wanted.as_object().unwrap(),
    );
    let token = stage.rehearsal().sign(&claims).unwrap();
    let report = run(&format!(
        "cases: [{{name: a, policy: tasks, token: {token}, expect: {{outcome: allow}}}},
                 {{name: b, policy: tasks, at: 1700009999, token: {token}, expect: {{outcome: deny, reason: token_expired}}}}]"
    ))
    .await;
    assert_eq!(report.failed(), 0, "{}", report.text());
}

#[test]
fn a_file_that_cannot_be_meant_is_refused() {
    for (text, problem) in [
        ("cases: []", "it has no case"),
        (
            "cases: [{name: a, policy: p, expect: {outcome: allow}}, {name: a, policy: p, expect: {outcome: allow}}]",
            "two cases",
        ),
        ("cases: [{name: a, policy: p, claims: {}, token: t, expect: {outcome: allow}}]", "exclude each other"),
        ("cases: [{name: a, policy: p, expect: {outcome: allow, status: 200}}]", "neither status nor reason"),
        ("cases: [{name: a, polcy: p, expect: {outcome: allow}}]", "polcy"),
        ("cases: [{name: a, policy: p, expect: {outcome: maybe}}]", "maybe"),
    ] {
        let error = format!("{:#}", Cases::parse(text).unwrap_err());
        assert!(error.contains(problem), "{error}");
    }
}
