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
    let legacy_service_account = json!({
        "clientId": "Batch", "client_id": null, "session_state": "s", "clientHost": "10.0.0.1",
    });
    for (provider, claims, expected) in [
        ("Keycloak, user", keycloak_user(), USER),
        (
            "Keycloak 23, user",
            with(keycloak_user(), &json!({"sid": null, "session_state": "s"})),
            USER,
        ),
        (
            "Keycloak, service account",
            keycloak_service_account(),
            APPLICATION,
        ),
        (
            "Keycloak 11, service account",
            with(keycloak_service_account(), &legacy_service_account),
            APPLICATION,
        ),
        ("Auth0, user", auth0_user(), USER),
        ("Auth0, application", auth0_application(), APPLICATION),
        (
            "Auth0 by RFC 9068, application",
            with(
                auth0_application(),
                &json!({"gty": null, "azp": null, "client_id": "AbC123"}),
            ),
            APPLICATION,
        ),
        ("Okta, user", okta_user(), USER),
        ("Okta, application", okta_application(), APPLICATION),
        (
            "Cognito, application",
            json!({"sub": "1h57kf5", "client_id": "1h57kf5", "token_use": "access",
                "scope": "orders/read"}),
            APPLICATION,
        ),
        (
            "Cognito, user",
            json!({"sub": "aaaa-bbbb", "client_id": "1h57kf5", "token_use": "access",
                "scope": "openid", "username": "jo", "event_id": "e"}),
            USER,
        ),
        (
            "PingOne, user",
            json!({"sub": "u-1", "client_id": "c", "sid": "s", "scope": "orders"}),
            USER,
        ),
        (
            "Duende IdentityServer, user",
            json!({"sub": "818727", "client_id": "shop", "idp": "local", "amr": ["pwd"],
                "scope": ["orders"]}),
            USER,
        ),
        (
            "IdentityServer, user of an OpenID Connect client",
            json!({"sub": "818727", "client_id": "shop", "scope": ["openid", "orders"],
                "role": ["Admin"]}),
            USER,
        ),
        (
            "Ory Hydra, application",
            json!({"sub": "c", "client_id": "c", "scp": ["orders"], "ext": {}}),
            APPLICATION,
        ),
        (
            "Ory Hydra, user",
            json!({"sub": "u", "client_id": "c", "scp": ["openid"], "ext": {}}),
            USER,
        ),
        (
            "AD FS, user",
            json!({"sub": "u=", "appid": "c", "apptype": "Public", "scp": "openid"}),
            USER,
        ),
        (
            "Google, service account",
            json!({"sub": "1234", "azp": "1234", "email": "robot@p.iam.gserviceaccount.com"}),
            APPLICATION,
        ),
        (
            "Cloud Foundry UAA, application",
            json!({"sub": "c", "cid": "c", "client_id": "c", "grant_type": "client_credentials"}),
            APPLICATION,
        ),
        (
            "PingAM, application",
            json!({"sub": "(age!c)", "grant_type": "client_credentials"}),
            APPLICATION,
        ),
        (
            "Kinde, application",
            json!({"azp": "c", "gty": ["client_credentials"], "scp": []}),
            APPLICATION,
        ),
        (
            "Entra, application",
            json!({"sub": "sp", "azp": "c", "idtyp": "app", "roles": ["R"]}),
            APPLICATION,
        ),
        // Nothing in these tokens tells users from machines. Only the provider's settings can.
        (
            "ZITADEL, either",
            json!({"sub": "2384", "client_id": "batch", "jti": "j"}),
            UNKNOWN,
        ),
        (
            "authentik, either",
            json!({"sub": "c1f2", "azp": "c", "uid": "random", "auth_time": 1,
                "acr": "goauthentik.io/default"}),
            UNKNOWN,
        ),
        (
            "RFC 9068, only what it requires",
            json!({"sub": "5ba552d67", "client_id": "s6BhdRkqt3"}),
            UNKNOWN,
        ),
        (
            "Kubernetes",
            json!({"sub": "system:serviceaccount:shop:batch",
                "kubernetes.io": {"namespace": "shop"}}),
            UNKNOWN,
        ),
        (
            "GitHub Actions",
            json!({"sub": "repo:o/r:ref:refs/heads/main", "actor": "jo"}),
            UNKNOWN,
        ),
        ("SPIFFE", json!({"sub": "spiffe://example/batch"}), UNKNOWN),
    ] {
        assert_eq!(told(&claims, None), expected, "{provider}: {claims}");
    }
}

#[test]
fn claims_that_a_client_or_a_user_can_choose_prove_no_kind() {
    let service_account = keycloak_service_account();
    for (case, claims, expected) in [
        // Clients choose their scopes, and administrators take mappers away from service accounts.
        (
            "a service account without its name",
            with(
                service_account.clone(),
                &json!({"preferred_username": null, "client_id": null}),
            ),
            UNKNOWN,
        ),
        (
            "a service account without its name that requests openid",
            with(
                service_account.clone(),
                &json!({"preferred_username": null, "scope": "openid orders"}),
            ),
            UNKNOWN,
        ),
        (
            "a service account that requests openid",
            with(service_account.clone(), &json!({"scope": "openid orders"})),
            APPLICATION,
        ),
        (
            "a user who took a service account's name",
            with(
                keycloak_user(),
                &json!({"preferred_username": "service-account-shop-spa"}),
            ),
            UNKNOWN,
        ),
        (
            "another client's service account",
            with(
                service_account.clone(),
                &json!({"preferred_username": "service-account-other"}),
            ),
            UNKNOWN,
        ),
        (
            "an application that requests openid",
            with(auth0_application(), &json!({"scope": "openid"})),
            APPLICATION,
        ),
        (
            "another client's Auth0 subject",
            with(
                auth0_application(),
                &json!({"sub": "Other@clients", "gty": null, "scope": "openid"}),
            ),
            UNKNOWN,
        ),
        (
            "Okta's uid without Okta's cid",
            with(okta_user(), &json!({"cid": null, "azp": "c"})),
            UNKNOWN,
        ),
        (
            "an application with a uid",
            with(okta_application(), &json!({"uid": "00u1"})),
            APPLICATION,
        ),
        (
            "openid without a client",
            json!({"sub": "u", "scope": "openid"}),
            UNKNOWN,
        ),
        (
            "a scope that is not openid",
            json!({"sub": "u", "azp": "c", "scope": "openid2 OPENID"}),
            UNKNOWN,
        ),
        (
            "no methods",
            json!({"sub": "u", "azp": "c", "amr": []}),
            UNKNOWN,
        ),
        (
            "a session of another type",
            json!({"sub": "u", "azp": "c", "sid": 7, "session_state": ""}),
            UNKNOWN,
        ),
        (
            "a client in upper case",
            json!({"sub": "web", "azp": "WEB"}),
            UNKNOWN,
        ),
    ] {
        assert_eq!(told(&claims, None), expected, "{case}: {claims}");
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
    let by_gty = json!({"claim": "gty", "applications": ["client-credentials"], "default": "user"});
    let listed = json!({
        "claim": "https://x.example/kind", "users": ["person", 1],
        "applications": ["robot", true],
    });
    let nested = json!({"claim": "ext.kind", "users": ["person"], "default": "application"});
    let subject = json!({"sub": "x", "azp": "c"});
    let kind = |value: Value| json!({"sub": "x", "https://x.example/kind": value});
    for (settings, claims, expected) in [
        (&by_gty, auth0_user(), USER),
        (
            &by_gty,
            with(auth0_user(), &json!({"scope": "read:orders"})),
            USER,
        ),
        (&by_gty, auth0_application(), APPLICATION),
        (
            &by_gty,
            with(auth0_application(), &json!({"gty": null})),
            APPLICATION,
        ),
        (
            &by_gty,
            with(auth0_user(), &json!({"gty": "password"})),
            UNKNOWN,
        ),
        (
            &by_gty,
            with(auth0_user(), &json!({"gty": null, "sub": "Other@clients"})),
            UNKNOWN,
        ),
        (&listed, kind(json!("person")), USER),
        (&listed, kind(json!(1)), USER),
        (&listed, kind(json!(["x", "person"])), USER),
        (&listed, kind(json!("robot")), APPLICATION),
        (&listed, kind(json!(true)), APPLICATION),
        (&listed, kind(json!(["robot", "person"])), UNKNOWN),
        (&listed, kind(json!("Person")), UNKNOWN),
        (&listed, kind(json!("1")), UNKNOWN),
        (&listed, kind(json!({"person": 1})), UNKNOWN),
        (&listed, kind(json!([])), UNKNOWN),
        // Evidence for a user does not count beside settings.
        (&listed, keycloak_user(), UNKNOWN),
        (&listed, keycloak_service_account(), APPLICATION),
        // A claim that calls a machine a user contradicts the token.
        (
            &listed,
            with(
                auth0_application(),
                &json!({"https://x.example/kind": "person"}),
            ),
            UNKNOWN,
        ),
        (
            &nested,
            with(subject.clone(), &json!({"ext": {"kind": "person"}})),
            USER,
        ),
        (
            &nested,
            with(subject.clone(), &json!({"ext": {"kind": "robot"}})),
            UNKNOWN,
        ),
        (&nested, subject.clone(), APPLICATION),
        (
            &json!({"default": "application"}),
            json!({"sub": "system:serviceaccount:shop:batch"}),
            APPLICATION,
        ),
        (&json!({"default": "user"}), subject, USER),
        (&json!({"default": "user"}), okta_application(), APPLICATION),
    ] {
        assert_eq!(
            told(&claims, Some(&rule(settings).unwrap())),
            expected,
            "{settings}: {claims}"
        );
    }
}

#[test]
fn meaningless_kind_rule_is_an_error() {
    for (settings, expected) in [
        (json!({}), "claim: is missing; name the claim that tells"),
        (
            json!({"users": ["a"]}),
            "claim: is missing; name the claim that has",
        ),
        (json!({"claim": "", "users": ["a"]}), "claim: is empty"),
        (
            json!({"claim": "preferred_username", "users": ["a"]}),
            "claim: is for people to read",
        ),
        (
            json!({"claim": "gty", "default": "user"}),
            "users: lists no value",
        ),
        (
            json!({"claim": "gty", "users": [null]}),
            "users: has a value that is neither",
        ),
        (
            json!({"claim": "gty", "applications": [1.5]}),
            "users: has a value that is neither",
        ),
        (
            json!({"claim": "gty", "users": ["a"], "applications": ["a"]}),
            "applications: has a value that users has",
        ),
    ] {
        let problems = rule(&settings).unwrap_err();
        assert!(
            problems.iter().any(|problem| problem.starts_with(expected)),
            "{settings}: {problems:?}"
        );
    }
}
