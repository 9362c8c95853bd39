//! The providers of the documentation, whose tokens say differently who calls.

use portcullis_policy::PolicySet;

use super::run_on;

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
    struct Case<'a> {
        name: &'static str,
        issuer: &'a str,
        provider: &'static str,
        policy: &'static str,
        claims: &'a str,
        expected: &'a str,
    }

    let keycloak = issuer_in(include_str!("../../../../../../README.md"), "keycloak");
    let auth0 = issuer_in(include_str!("../../../../../../docs/policies.md"), "auth0");
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
    for Case {
        name,
        issuer,
        provider,
        policy,
        claims,
        expected,
    } in [
        Case {
            name: "user of Keycloak for users",
            issuer: &keycloak,
            provider: "keycloak",
            policy: "people",
            claims: user,
            expected: allow,
        },
        Case {
            name: "account of Keycloak for users",
            issuer: &keycloak,
            provider: "keycloak",
            policy: "people",
            claims: account,
            expected: &other_kind,
        },
        Case {
            name: "account of Keycloak without its name",
            issuer: &keycloak,
            provider: "keycloak",
            policy: "people",
            claims: &account.replace("service-account-batch", "null"),
            expected: &unknown,
        },
        Case {
            name: "bound token of Keycloak",
            issuer: &keycloak,
            provider: "keycloak",
            policy: "people",
            claims: &bound,
            expected: &deny("sender_constrained"),
        },
        Case {
            name: "account of Keycloak for applications",
            issuer: &keycloak,
            provider: "keycloak",
            policy: "machines",
            claims: account,
            expected: allow,
        },
        Case {
            name: "user of Keycloak for applications",
            issuer: &keycloak,
            provider: "keycloak",
            policy: "machines",
            claims: user,
            expected: &other_kind,
        },
        Case {
            name: "user of Auth0 for users",
            issuer: &auth0,
            provider: "auth0",
            policy: "people",
            claims: auth0_user,
            expected: allow,
        },
        Case {
            name: "machine of Auth0 for users",
            issuer: &auth0,
            provider: "auth0",
            policy: "people",
            claims: machine,
            expected: &other_kind,
        },
        Case {
            name: "password grant of Auth0",
            issuer: &auth0,
            provider: "auth0",
            policy: "people",
            claims: &format!("{auth0_user}, gty: password"),
            expected: &unknown,
        },
        Case {
            name: "machine of Auth0 for applications",
            issuer: &auth0,
            provider: "auth0",
            policy: "machines",
            claims: machine,
            expected: allow,
        },
        Case {
            name: "user of Auth0 for applications",
            issuer: &auth0,
            provider: "auth0",
            policy: "machines",
            claims: auth0_user,
            expected: &other_kind,
        },
        // Without other claims, a case is about a user.
        Case {
            name: "no other claims for Keycloak",
            issuer: &keycloak,
            provider: "keycloak",
            policy: "people",
            claims: "scope: orders",
            expected: allow,
        },
        Case {
            name: "no other claims for Auth0",
            issuer: &auth0,
            provider: "auth0",
            policy: "people",
            claims: "scope: orders",
            expected: allow,
        },
    ] {
        let case = format!(
            "cases: [{{name: c, policy: {policy}, claims: {{{claims}}}, expect: {expected}}}]"
        );
        let report = run_on(with_routes(issuer, provider), &case).await;
        assert_eq!(report.failed(), 0, "{name}: {case}:\n{}", report.text());
    }
}
