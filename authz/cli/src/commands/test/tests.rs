use super::case::Cases;
use super::judge::judge;
use super::report::Report;
use portcullis_policy::PolicySet;
use portcullis_server::OfflinePolicies;
use portcullis_server::PolicyText;

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

/// The `TokenIssuer` named `name` in the Markdown `text`.
fn issuer_in(text: &str, name: &str) -> String {
    let head = format!("kind: TokenIssuer\nmetadata: {{name: {name}}}\n");
    let indented = |line: &str| line.strip_prefix("   ").unwrap_or(line).to_owned() + "\n";
    let plain = text.contains(&head);
    let text: String = if plain {
        text.to_owned()
    } else {
        text.lines().map(indented).collect()
    };
    let (_, rest) = text.split_once(&head).unwrap();
    let (spec, _) = rest.split_once("```").unwrap();
    format!("apiVersion: portcullis.dev/v1alpha1\n{head}{spec}")
}

/// The issuer with a route for its users and one for its applications.
fn with_routes(issuer: &str, name: &str) -> PolicySet {
    let route = |policy: &str, rule: &str| {
        format!(
            "---\napiVersion: portcullis.dev/v1alpha1\nkind: RoutePolicy\n\
             metadata: {{name: {policy}}}\n\
             spec: {{issuer: {name}, audiences: [orders], allow: [{rule}], \
             upstream: {{name: u}}}}\n"
        )
    };
    let users = route("people", "{callers: users, scopes: [orders]}");
    let machines = route("machines", "{callers: applications, roles: [writer]}");
    PolicySet::compile([("issuer.yaml", format!("{issuer}{users}{machines}").as_str())]).unwrap()
}

#[tokio::test]
async fn documented_providers_distinguish_users_from_applications() {
    let keycloak = issuer_in(include_str!("../../../../../README.md"), "keycloak");
    let auth0 = issuer_in(include_str!("../../../../../docs/policies.md"), "auth0");
    let user = "client_id: null, amr: null, azp: spa, typ: Bearer, sid: s, scope: openid orders, \
                realm_access: {roles: [writer]}, preferred_username: jo";
    let account = "client_id: batch, amr: null, azp: batch, typ: Bearer, scope: openid orders, \
                   realm_access: {roles: [writer]}, preferred_username: service-account-batch";
    let auth0_user =
        "client_id: null, azp: spa, sub: auth0|1, scope: orders, permissions: [writer]";
    let machine = "client_id: null, azp: AbC, sub: AbC@clients, gty: client-credentials, \
                   scope: orders, permissions: [writer]";
    let allow = "{outcome: allow}";
    let deny = |reason: &str| format!("{{outcome: deny, reason: {reason}}}");
    let other_kind = deny("caller_kind_not_allowed");
    let unknown = deny("caller_kind_unknown");
    let bound = format!("{user}, cnf: {{jkt: k}}");
    for (issuer, name, policy, claims, expected) in [
        (&keycloak, "keycloak", "people", user, allow),
        (&keycloak, "keycloak", "people", account, &other_kind),
        (
            &keycloak,
            "keycloak",
            "people",
            &account.replace("service-account-batch", "null"),
            &unknown,
        ),
        (
            &keycloak,
            "keycloak",
            "people",
            &bound,
            &deny("sender_constrained"),
        ),
        (&keycloak, "keycloak", "machines", account, allow),
        (&keycloak, "keycloak", "machines", user, &other_kind),
        (&auth0, "auth0", "people", auth0_user, allow),
        (&auth0, "auth0", "people", machine, &other_kind),
        (
            &auth0,
            "auth0",
            "people",
            &format!("{auth0_user}, gty: password"),
            &unknown,
        ),
        (&auth0, "auth0", "machines", machine, allow),
        (&auth0, "auth0", "machines", auth0_user, &other_kind),
        // Without other claims, a case is about a user.
        (&keycloak, "keycloak", "people", "scope: orders", allow),
        (&auth0, "auth0", "people", "scope: orders", allow),
    ] {
        let case = format!(
            "cases: [{{name: c, policy: {policy}, claims: {{{claims}}}, expect: {expected}}}]"
        );
        let report = run_on(with_routes(issuer, name), &case).await;
        assert_eq!(report.failed(), 0, "{case}:\n{}", report.text());
    }
}

#[tokio::test]
async fn report_names_every_difference() {
    for (case, difference) in [
        (
            "claims: {scp: access_as_user}, expect: {outcome: deny}",
            "it is allowed instead of denied",
        ),
        (
            "expect: {outcome: allow}",
            "it is denied instead of allowed: {",
        ),
        (
            "expect: {outcome: deny, status: 403}",
            "status 401 instead of 403",
        ),
        (
            "expect: {outcome: deny, reason: token_expired}",
            "reason token_missing instead of token_expired",
        ),
        (
            "claims: {scp: access_as_user, name: Ada}, \
             expect: {outcome: allow, headers: {x-user-name: Bob}}",
            "header x-user-name is 'Ada' instead of 'Bob'",
        ),
        (
            "claims: {scp: access_as_user}, \
             expect: {outcome: allow, headers: {x-user-name: Bob}}",
            "header x-user-name is not set; expected 'Bob'",
        ),
        (
            "claims: {scp: access_as_user, name: Ada}, \
             expect: {outcome: allow, headers: {x-user-name: null}}",
            "header x-user-name is 'Ada' and should not be set",
        ),
        (
            "claims: {scp: access_as_user}, \
             expect: {outcome: allow, headers: {authorization: null}}",
            "header authorization would reach the service as the client sent it",
        ),
    ] {
        let report = run(&format!("cases: [{{name: c, policy: tasks, {case}}}]")).await;
        assert!(
            report.text().contains(difference),
            "{case}:\n{}",
            report.text()
        );
        let xml = report.junit().unwrap();
        assert!(
            xml.contains("<failure") && xml.contains("name=\"c\""),
            "{xml}"
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
    for (text, problem) in [
        ("cases: []", "no cases"),
        (
            "cases: [{name: a, policy: p, expect: {outcome: allow}}, \
             {name: a, policy: p, expect: {outcome: allow}}]",
            "two cases",
        ),
        (
            "cases: [{name: a, policy: p, claims: {}, token: t, expect: {outcome: allow}}]",
            "exclude each other",
        ),
        (
            "cases: [{name: a, policy: p, expect: {outcome: allow, status: 200}}]",
            "neither status nor reason",
        ),
        (
            "cases: [{name: a, polcy: p, expect: {outcome: allow}}]",
            "polcy",
        ),
        (
            "cases: [{name: a, policy: p, expect: {outcome: maybe}}]",
            "maybe",
        ),
    ] {
        let error = format!("{:#}", Cases::parse(text).unwrap_err());
        assert!(error.contains(problem), "{error}");
    }
}
