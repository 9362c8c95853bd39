//! Tokens as providers document them, each with the kind of caller that it speaks for.

use serde_json::{Value, json};

use super::{KindRule, kind};
use crate::signed_tokens::with;
use crate::{CallerKind, Claims, Reason};

const USER: Result<CallerKind, Reason> = Ok(CallerKind::User);
const APPLICATION: Result<CallerKind, Reason> = Ok(CallerKind::Application);
const UNKNOWN: Result<CallerKind, Reason> = Err(Reason::CallerKindUnknown);

fn told(claims: &Value, rule: Option<&KindRule>) -> Result<CallerKind, Reason> {
    let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
    let scopes = ["scope", "scp"]
        .map(|name| claims.words_or_list_at(name).unwrap())
        .concat();
    kind(&claims, &scopes, rule).map_err(|denied| denied.reason)
}

fn keycloak_user() -> Value {
    json!({
        "sub": "f3c8a7d2-7d0e-4d6b-9a61-000000000001", "typ": "Bearer", "azp": "shop-spa",
        "sid": "s1", "acr": "1",
        "scope": "openid profile orders", "preferred_username": "jo", "name": "Jo", "auth_time": 1,
    })
}

fn keycloak_service_account() -> Value {
    json!({
        "sub": "9b1c0000-0000-4000-8000-00000000abcd", "typ": "Bearer", "azp": "Batch",
        "acr": "1", "scope": "orders", "preferred_username": "service-account-batch",
        "client_id": "Batch", "clientHost": "10.0.0.1",
        "clientAddress": "10.0.0.1",
    })
}

fn auth0_user() -> Value {
    json!({"sub": "auth0|123456", "azp": "spa", "scope": "openid profile read:patients"})
}

fn auth0_application() -> Value {
    json!({
        "sub": "AbC123@clients", "azp": "AbC123", "gty": "client-credentials",
        "scope": "read:orders",
        "permissions": ["read:orders"],
    })
}

fn okta_user() -> Value {
    json!({
        "ver": 1, "jti": "AT.x", "cid": "0oa1", "uid": "00u1", "sub": "jo@contoso.example",
        "scp": ["orders.read"],
    })
}

fn okta_application() -> Value {
    json!({"ver": 1, "jti": "AT.x", "cid": "0oa1", "sub": "0oa1", "scp": ["orders.read"]})
}

#[test]
fn token_speaks_for_the_kind_that_its_provider_documents() {
    struct Case {
        name: &'static str,
        claims: Value,
        expected: Result<CallerKind, Reason>,
    }

    let legacy_service_account = json!({
        "clientId": "Batch", "client_id": null, "session_state": "s", "clientHost": "10.0.0.1",
    });
    for Case {
        name,
        claims,
        expected,
    } in [
        Case {
            name: "Keycloak, user",
            claims: keycloak_user(),
            expected: USER,
        },
        Case {
            name: "Keycloak 23, user",
            claims: with(keycloak_user(), &json!({"sid": null, "session_state": "s"})),
            expected: USER,
        },
        Case {
            name: "Keycloak, service account",
            claims: keycloak_service_account(),
            expected: APPLICATION,
        },
        Case {
            name: "Keycloak 11, service account",
            claims: with(keycloak_service_account(), &legacy_service_account),
            expected: APPLICATION,
        },
        Case {
            name: "Auth0, user",
            claims: auth0_user(),
            expected: USER,
        },
        Case {
            name: "Auth0, application",
            claims: auth0_application(),
            expected: APPLICATION,
        },
        Case {
            name: "Auth0 by RFC 9068, application",
            claims: with(
                auth0_application(),
                &json!({"gty": null, "azp": null, "client_id": "AbC123"}),
            ),
            expected: APPLICATION,
        },
        Case {
            name: "Okta, user",
            claims: okta_user(),
            expected: USER,
        },
        Case {
            name: "Okta, application",
            claims: okta_application(),
            expected: APPLICATION,
        },
        Case {
            name: "Cognito, application",
            claims: json!({"sub": "1h57kf5", "client_id": "1h57kf5", "token_use": "access",
                "scope": "orders/read"}),
            expected: APPLICATION,
        },
        Case {
            name: "Cognito, user",
            claims: json!({"sub": "aaaa-bbbb", "client_id": "1h57kf5", "token_use": "access",
                "scope": "openid", "username": "jo", "event_id": "e"}),
            expected: USER,
        },
        Case {
            name: "PingOne, user",
            claims: json!({"sub": "u-1", "client_id": "c", "sid": "s", "scope": "orders"}),
            expected: USER,
        },
        Case {
            name: "Duende IdentityServer, user",
            claims: json!({"sub": "818727", "client_id": "shop", "idp": "local", "amr": ["pwd"],
                "scope": ["orders"]}),
            expected: USER,
        },
        Case {
            name: "IdentityServer, user of an OpenID Connect client",
            claims: json!({"sub": "818727", "client_id": "shop", "scope": ["openid", "orders"],
                "role": ["Admin"]}),
            expected: USER,
        },
        Case {
            name: "Ory Hydra, application",
            claims: json!({"sub": "c", "client_id": "c", "scp": ["orders"], "ext": {}}),
            expected: APPLICATION,
        },
        Case {
            name: "Ory Hydra, user",
            claims: json!({"sub": "u", "client_id": "c", "scp": ["openid"], "ext": {}}),
            expected: USER,
        },
        Case {
            name: "AD FS, user",
            claims: json!({"sub": "u=", "appid": "c", "apptype": "Public", "scp": "openid"}),
            expected: USER,
        },
        Case {
            name: "Google, service account",
            claims: json!({"sub": "1234", "azp": "1234",
                "email": "robot@p.iam.gserviceaccount.com"}),
            expected: APPLICATION,
        },
        Case {
            name: "Cloud Foundry UAA, application",
            claims: json!({"sub": "c", "cid": "c", "client_id": "c",
                "grant_type": "client_credentials"}),
            expected: APPLICATION,
        },
        Case {
            name: "PingAM, application",
            claims: json!({"sub": "(age!c)", "grant_type": "client_credentials"}),
            expected: APPLICATION,
        },
        Case {
            name: "Kinde, application",
            claims: json!({"azp": "c", "gty": ["client_credentials"], "scp": []}),
            expected: APPLICATION,
        },
        Case {
            name: "Entra, application",
            claims: json!({"sub": "sp", "azp": "c", "idtyp": "app", "roles": ["R"]}),
            expected: APPLICATION,
        },
        // Nothing in these tokens tells users from machines. Only the provider's settings can.
        Case {
            name: "ZITADEL, either",
            claims: json!({"sub": "2384", "client_id": "batch", "jti": "j"}),
            expected: UNKNOWN,
        },
        Case {
            name: "authentik, either",
            claims: json!({"sub": "c1f2", "azp": "c", "uid": "random", "auth_time": 1,
                "acr": "goauthentik.io/default"}),
            expected: UNKNOWN,
        },
        Case {
            name: "RFC 9068, only what it requires",
            claims: json!({"sub": "5ba552d67", "client_id": "s6BhdRkqt3"}),
            expected: UNKNOWN,
        },
        Case {
            name: "Kubernetes",
            claims: json!({"sub": "system:serviceaccount:shop:batch",
                "kubernetes.io": {"namespace": "shop"}}),
            expected: UNKNOWN,
        },
        Case {
            name: "GitHub Actions",
            claims: json!({"sub": "repo:o/r:ref:refs/heads/main", "actor": "jo"}),
            expected: UNKNOWN,
        },
        Case {
            name: "SPIFFE",
            claims: json!({"sub": "spiffe://example/batch"}),
            expected: UNKNOWN,
        },
    ] {
        assert_eq!(told(&claims, None), expected, "{name}: {claims}");
    }
}

#[test]
fn claims_that_a_client_or_a_user_can_choose_prove_no_kind() {
    struct Case {
        name: &'static str,
        claims: Value,
        expected: Result<CallerKind, Reason>,
    }

    let service_account = keycloak_service_account();
    for Case {
        name,
        claims,
        expected,
    } in [
        // Clients choose their scopes, and administrators take mappers away from service accounts.
        Case {
            name: "a service account without its name",
            claims: with(
                service_account.clone(),
                &json!({"preferred_username": null, "client_id": null}),
            ),
            expected: UNKNOWN,
        },
        Case {
            name: "a service account without its name that requests openid",
            claims: with(
                service_account.clone(),
                &json!({"preferred_username": null, "scope": "openid orders"}),
            ),
            expected: UNKNOWN,
        },
        Case {
            name: "a service account that requests openid",
            claims: with(service_account.clone(), &json!({"scope": "openid orders"})),
            expected: APPLICATION,
        },
        Case {
            name: "a user who took a service account's name",
            claims: with(
                keycloak_user(),
                &json!({"preferred_username": "service-account-shop-spa"}),
            ),
            expected: UNKNOWN,
        },
        Case {
            name: "another client's service account",
            claims: with(
                service_account.clone(),
                &json!({"preferred_username": "service-account-other"}),
            ),
            expected: UNKNOWN,
        },
        Case {
            name: "an application that requests openid",
            claims: with(auth0_application(), &json!({"scope": "openid"})),
            expected: APPLICATION,
        },
        Case {
            name: "another client's Auth0 subject",
            claims: with(
                auth0_application(),
                &json!({"sub": "Other@clients", "gty": null, "scope": "openid"}),
            ),
            expected: UNKNOWN,
        },
        Case {
            name: "Okta's uid without Okta's cid",
            claims: with(okta_user(), &json!({"cid": null, "azp": "c"})),
            expected: UNKNOWN,
        },
        Case {
            name: "an application with a uid",
            claims: with(okta_application(), &json!({"uid": "00u1"})),
            expected: APPLICATION,
        },
        Case {
            name: "openid without a client",
            claims: json!({"sub": "u", "scope": "openid"}),
            expected: UNKNOWN,
        },
        Case {
            name: "a scope that is not openid",
            claims: json!({"sub": "u", "azp": "c", "scope": "openid2 OPENID"}),
            expected: UNKNOWN,
        },
        Case {
            name: "no methods",
            claims: json!({"sub": "u", "azp": "c", "amr": []}),
            expected: UNKNOWN,
        },
        Case {
            name: "a session of another type",
            claims: json!({"sub": "u", "azp": "c", "sid": 7, "session_state": ""}),
            expected: UNKNOWN,
        },
        Case {
            name: "a client in upper case",
            claims: json!({"sub": "web", "azp": "WEB"}),
            expected: UNKNOWN,
        },
    ] {
        assert_eq!(told(&claims, None), expected, "{name}: {claims}");
    }
    for wrong in [json!({"client_id": 7}), json!({"azp": ["web"]})] {
        assert_eq!(
            told(&with(keycloak_user(), &wrong), None),
            Err(Reason::ClaimInvalid),
            "{wrong}"
        );
    }
}

fn rule(rule: &Value) -> Result<KindRule, Vec<String>> {
    let values = |name: &str| rule[name].as_array().cloned().unwrap_or_default();
    let default = rule["default"]
        .as_str()
        .map(|word| CallerKind::from_word(word).unwrap());
    let claim = rule["claim"].as_str().map(str::to_owned);
    KindRule::new(claim, values("users"), values("applications"), default)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn kind_rule_decides_and_unlisted_values_are_denied() {
    struct Case<'a> {
        name: &'static str,
        settings: &'a Value,
        claims: Value,
        expected: Result<CallerKind, Reason>,
    }

    let by_gty = json!({"claim": "gty", "applications": ["client-credentials"], "default": "user"});
    let listed = json!({
        "claim": "https://x.example/kind", "users": ["person", 1],
        "applications": ["robot", true],
    });
    let nested = json!({"claim": "ext.kind", "users": ["person"], "default": "application"});
    let subject = json!({"sub": "x", "azp": "c"});
    let kind = |value: Value| json!({"sub": "x", "https://x.example/kind": value});
    for Case {
        name,
        settings,
        claims,
        expected,
    } in [
        Case {
            name: "user without the claim",
            settings: &by_gty,
            claims: auth0_user(),
            expected: USER,
        },
        Case {
            name: "user without the claim and without openid",
            settings: &by_gty,
            claims: with(auth0_user(), &json!({"scope": "read:orders"})),
            expected: USER,
        },
        Case {
            name: "application by the claim",
            settings: &by_gty,
            claims: auth0_application(),
            expected: APPLICATION,
        },
        Case {
            name: "application by its subject",
            settings: &by_gty,
            claims: with(auth0_application(), &json!({"gty": null})),
            expected: APPLICATION,
        },
        Case {
            name: "unlisted value of the claim",
            settings: &by_gty,
            claims: with(auth0_user(), &json!({"gty": "password"})),
            expected: UNKNOWN,
        },
        Case {
            name: "subject of another client",
            settings: &by_gty,
            claims: with(auth0_user(), &json!({"gty": null, "sub": "Other@clients"})),
            expected: UNKNOWN,
        },
        Case {
            name: "listed string",
            settings: &listed,
            claims: kind(json!("person")),
            expected: USER,
        },
        Case {
            name: "listed number",
            settings: &listed,
            claims: kind(json!(1)),
            expected: USER,
        },
        Case {
            name: "list with a listed item",
            settings: &listed,
            claims: kind(json!(["x", "person"])),
            expected: USER,
        },
        Case {
            name: "listed string of applications",
            settings: &listed,
            claims: kind(json!("robot")),
            expected: APPLICATION,
        },
        Case {
            name: "listed boolean of applications",
            settings: &listed,
            claims: kind(json!(true)),
            expected: APPLICATION,
        },
        Case {
            name: "list with items of both kinds",
            settings: &listed,
            claims: kind(json!(["robot", "person"])),
            expected: UNKNOWN,
        },
        Case {
            name: "value in another case",
            settings: &listed,
            claims: kind(json!("Person")),
            expected: UNKNOWN,
        },
        Case {
            name: "number as a string",
            settings: &listed,
            claims: kind(json!("1")),
            expected: UNKNOWN,
        },
        Case {
            name: "object of that name",
            settings: &listed,
            claims: kind(json!({"person": 1})),
            expected: UNKNOWN,
        },
        Case {
            name: "empty list",
            settings: &listed,
            claims: kind(json!([])),
            expected: UNKNOWN,
        },
        // Evidence for a user does not count beside settings.
        Case {
            name: "user's evidence beside settings",
            settings: &listed,
            claims: keycloak_user(),
            expected: UNKNOWN,
        },
        Case {
            name: "application's evidence beside settings",
            settings: &listed,
            claims: keycloak_service_account(),
            expected: APPLICATION,
        },
        // A claim that calls a machine a user contradicts the token.
        Case {
            name: "application that the claim calls a user",
            settings: &listed,
            claims: with(
                auth0_application(),
                &json!({"https://x.example/kind": "person"}),
            ),
            expected: UNKNOWN,
        },
        Case {
            name: "listed value at a path",
            settings: &nested,
            claims: with(subject.clone(), &json!({"ext": {"kind": "person"}})),
            expected: USER,
        },
        Case {
            name: "unlisted value at a path",
            settings: &nested,
            claims: with(subject.clone(), &json!({"ext": {"kind": "robot"}})),
            expected: UNKNOWN,
        },
        Case {
            name: "no value at the path",
            settings: &nested,
            claims: subject.clone(),
            expected: APPLICATION,
        },
        Case {
            name: "default of applications",
            settings: &json!({"default": "application"}),
            claims: json!({"sub": "system:serviceaccount:shop:batch"}),
            expected: APPLICATION,
        },
        Case {
            name: "default of users",
            settings: &json!({"default": "user"}),
            claims: subject,
            expected: USER,
        },
        Case {
            name: "application's evidence against the default",
            settings: &json!({"default": "user"}),
            claims: okta_application(),
            expected: APPLICATION,
        },
    ] {
        assert_eq!(
            told(&claims, Some(&rule(settings).unwrap())),
            expected,
            "{name}: {settings}: {claims}"
        );
    }
}

#[test]
fn meaningless_kind_rule_is_an_error() {
    struct Case {
        name: &'static str,
        settings: Value,
        problem: &'static str,
    }

    for Case {
        name,
        settings,
        problem,
    } in [
        Case {
            name: "no setting",
            settings: json!({}),
            problem: "claim: is missing; name the claim that tells",
        },
        Case {
            name: "values without a claim",
            settings: json!({"users": ["a"]}),
            problem: "claim: is missing; name the claim that has",
        },
        Case {
            name: "empty claim",
            settings: json!({"claim": "", "users": ["a"]}),
            problem: "claim: is empty",
        },
        Case {
            name: "claim for people to read",
            settings: json!({"claim": "preferred_username", "users": ["a"]}),
            problem: "claim: is for people to read",
        },
        Case {
            name: "default without values",
            settings: json!({"claim": "gty", "default": "user"}),
            problem: "users: lists no value",
        },
        Case {
            name: "null as a value",
            settings: json!({"claim": "gty", "users": [null]}),
            problem: "users: has a value that is neither",
        },
        Case {
            name: "fraction as a value",
            settings: json!({"claim": "gty", "applications": [1.5]}),
            problem: "users: has a value that is neither",
        },
        Case {
            name: "value of both kinds",
            settings: json!({"claim": "gty", "users": ["a"], "applications": ["a"]}),
            problem: "applications: has a value that users has",
        },
    ] {
        let problems = rule(&settings).unwrap_err();
        assert!(
            problems.iter().any(|found| found.starts_with(problem)),
            "{name}: {problems:?}"
        );
    }
}
