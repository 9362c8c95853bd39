//! Tokens in the shapes of RFC 9068 and of Keycloak.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ClaimNames, OidcIssuer, OidcKeys, OidcSettings};
use crate::issuers::issuer::Issuer;
use crate::keys::{FetchedKeys, KeyCache, KeyPolicy};
use crate::signed_tokens::{FixedKeys, jwk, key, sign, with};
use crate::{
    Algorithm, Audiences, Caller, CallerKind, KeySet, KindRule, Reason, RequiredClaims, TimeRules,
    Verifier,
};

const ISSUER: &str = "https://id.example/realms/shop";
const NOW: u64 = 1_800_000_000;

async fn verifier(claims: ClaimNames) -> Verifier {
    verifier_by(OidcSettings::new(ISSUER, &OidcKeys::Discovery, &[], claims).unwrap()).await
}

async fn verifier_by(settings: OidcSettings) -> Verifier {
    let document = json!({ "keys": [jwk("k", key(0))] }).to_string();
    let keys = KeySet::parse(document.as_bytes(), &[Algorithm::Rs256]).unwrap();
    let keys = KeyCache::start(
        FixedKeys(FetchedKeys {
            issuer: None,
            cloud_instance: None,
            keys,
        }),
        KeyPolicy::default(),
    );
    let issuer = Issuer::Oidc(OidcIssuer::with_keys(settings, keys.into()));
    let verifier = Verifier::new(issuer, TimeRules::default());
    verifier.ready(Duration::from_secs(10)).await.unwrap();
    verifier
}

/// The claims of a user (RFC 9068 §2.2), without `nbf`. `amr` says how the user signed in (§2.2.1).
fn user() -> Value {
    json!({
        "iss": ISSUER, "aud": ["shop", "other"], "sub": "user-1", "client_id": "web",
        "scope": "orders:read orders:write",
        "roles": ["Buyer"], "name": "Renée", "email": "renee@shop.example", "amr": ["pwd"],
        "iat": NOW, "exp": NOW + 300, "jti": "1",
    })
}

fn judge(verifier: &Verifier, claims: &Value) -> Result<Caller, Reason> {
    let token = sign(
        key(0),
        &json!({"alg": "RS256", "typ": "at+jwt", "kid": "k"}),
        claims,
    );
    let audiences = Audiences::Exactly(vec!["shop".to_owned()]);
    verifier
        .verify_at_hand(&token, &audiences, NOW + 1)
        .map(|verified| verified.caller)
        .map_err(|denied| denied.reason)
}

#[tokio::test]
async fn user_and_client_that_acts_as_itself_are_told_apart() {
    let verifier = verifier(ClaimNames::default()).await;
    let caller = judge(&verifier, &user()).unwrap();
    assert_eq!(
        (
            caller.tenant.as_str(),
            caller.object_id.as_str(),
            caller.kind
        ),
        (ISSUER, "user-1", CallerKind::User)
    );
    assert!(
        caller.has_scope("orders:read")
            && caller.has_role("Buyer")
            && caller.actor.as_deref() == Some("web")
    );
    let caller = judge(
        &verifier,
        &with(user(), &json!({"sub": "web", "aud": "shop"})),
    )
    .unwrap();
    assert_eq!(caller.kind, CallerKind::Application);
}

#[tokio::test]
async fn claims_have_the_names_that_the_settings_give_them() {
    let names = ClaimNames {
        roles: "realm_access.roles".to_owned(),
        name: "https://shop.example/name".to_owned(),
        scopes: "scp".to_owned(),
        ..ClaimNames::default()
    };
    let verifier = verifier(names).await;
    let changes = json!({
        "realm_access": {"roles": ["Seller"]}, "https://shop.example/name": "Ada",
        "scp": ["a", "b"], "roles": ["Ignored"],
    });
    let caller = judge(&verifier, &with(user(), &changes)).unwrap();
    assert_eq!(
        (caller.roles, caller.name.as_deref()),
        (vec!["Seller".to_owned()], Some("Ada"))
    );
    assert_eq!(caller.scopes, ["a", "b"]);
    for wrong in [
        json!({"realm_access": {"roles": "Seller"}}),
        json!({"scp": [1]}),
        json!({"https://shop.example/name": 1}),
    ] {
        assert_eq!(
            judge(&verifier, &with(user(), &wrong)).unwrap_err(),
            Reason::ClaimInvalid,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn other_token_is_denied_with_its_reason() {
    struct Case {
        name: &'static str,
        changes: Value,
        expected: Reason,
    }

    let verifier = verifier(ClaimNames::default()).await;
    for Case {
        name,
        changes,
        expected,
    } in [
        Case {
            name: "issuer with another slash",
            changes: json!({"iss": "https://id.example/realms/shop/"}),
            expected: Reason::IssuerNotAllowed,
        },
        Case {
            name: "foreign issuer",
            changes: json!({"iss": "https://evil.example"}),
            expected: Reason::IssuerNotAllowed,
        },
        Case {
            name: "no issuer",
            changes: json!({"iss": null}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "another audience",
            changes: json!({"aud": "other"}),
            expected: Reason::AudienceNotAllowed,
        },
        Case {
            name: "empty list of audiences",
            changes: json!({"aud": []}),
            expected: Reason::AudienceNotAllowed,
        },
        Case {
            name: "no audience",
            changes: json!({"aud": null}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "audience of another type",
            changes: json!({"aud": {"shop": 1}}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "more audiences than any issuer writes",
            changes: json!({"aud": vec!["shop"; 33]}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "no subject",
            changes: json!({"sub": null}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "empty subject",
            changes: json!({"sub": ""}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "numeric subject",
            changes: json!({"sub": 7}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "nonce of an ID token",
            changes: json!({"nonce": "n"}),
            expected: Reason::IdToken,
        },
        Case {
            name: "access token hash of an ID token",
            changes: json!({"at_hash": "h"}),
            expected: Reason::IdToken,
        },
        Case {
            name: "Keycloak's type of an ID token",
            changes: json!({"typ": "ID"}),
            expected: Reason::IdToken,
        },
        Case {
            name: "expired",
            changes: json!({"exp": NOW - 60}),
            expected: Reason::TokenExpired,
        },
        Case {
            name: "not yet valid",
            changes: json!({"nbf": NOW + 120}),
            expected: Reason::TokenNotYetValid,
        },
        Case {
            name: "no time of issue",
            changes: json!({"iat": null}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "no expiry",
            changes: json!({"exp": null}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "no sign of a sign-in",
            changes: json!({"amr": null}),
            expected: Reason::CallerKindUnknown,
        },
        Case {
            name: "bound to a DPoP key",
            changes: json!({"cnf": {"jkt": "k"}}),
            expected: Reason::SenderConstrained,
        },
        Case {
            name: "bound to a certificate",
            changes: json!({"cnf": {"x5t#S256": "c"}}),
            expected: Reason::SenderConstrained,
        },
        Case {
            name: "malformed confirmation",
            changes: json!({"cnf": "k"}),
            expected: Reason::ClaimInvalid,
        },
    ] {
        assert_eq!(
            judge(&verifier, &with(user(), &changes)).unwrap_err(),
            expected,
            "{name}: {changes}"
        );
    }
}

#[tokio::test]
async fn settings_decide_the_kind_of_caller_and_accept_sender_constrained_tokens() {
    let rule = KindRule::new(None, Vec::new(), Vec::new(), Some(CallerKind::Application)).unwrap();
    let settings =
        OidcSettings::new(ISSUER, &OidcKeys::Discovery, &[], ClaimNames::default()).unwrap();
    let settings = settings
        .telling_kind_by(rule)
        .insecure_sender_constrained_as_bearer(true);
    let verifier = verifier_by(settings).await;
    let pod = json!({
        "sub": "system:serviceaccount:shop:batch", "client_id": null, "amr": null,
        "cnf": {"jkt": "k"},
    });
    assert_eq!(
        judge(&verifier, &with(user(), &pod)).unwrap().kind,
        CallerKind::Application
    );
    assert_eq!(
        judge(&verifier, &with(user(), &json!({"cnf": null})))
            .unwrap()
            .kind,
        CallerKind::Application
    );
    assert_eq!(
        judge(&verifier, &with(user(), &json!({"cnf": 7}))).unwrap_err(),
        Reason::ClaimInvalid
    );
}

#[tokio::test]
async fn actor_is_named_by_the_claim_of_its_provider() {
    struct Case {
        name: &'static str,
        changes: Value,
        actor: Option<&'static str>,
    }

    let verifier = verifier(ClaimNames::default()).await;
    for Case {
        name,
        changes,
        actor,
    } in [
        Case {
            name: "client_id",
            changes: json!({}),
            actor: Some("web"),
        },
        Case {
            name: "azp before cid",
            changes: json!({"client_id": null, "azp": "spa", "cid": "x"}),
            actor: Some("spa"),
        },
        Case {
            name: "cid of Okta",
            changes: json!({"client_id": null, "cid": "0oa1"}),
            actor: Some("0oa1"),
        },
        Case {
            name: "appid of AD FS",
            changes: json!({"client_id": null, "appid": "adfs"}),
            actor: Some("adfs"),
        },
        Case {
            name: "no claim names a client",
            changes: json!({"client_id": null}),
            actor: None,
        },
        // Other providers may use `cid` for something else, such as a company's number.
        Case {
            name: "cid that is a number",
            changes: json!({"client_id": null, "cid": 7}),
            actor: None,
        },
    ] {
        let caller = judge(&verifier, &with(user(), &changes)).unwrap();
        assert_eq!(
            (caller.actor.as_deref(), caller.kind),
            (actor, CallerKind::User),
            "{name}: {changes}"
        );
    }
}

#[tokio::test]
async fn token_without_a_required_claim_is_denied() {
    let required = RequiredClaims::new([("acr".to_owned(), vec![json!("mfa")])].into()).unwrap();
    let settings =
        OidcSettings::new(ISSUER, &OidcKeys::Discovery, &[], ClaimNames::default()).unwrap();
    let verifier = verifier_by(settings.requiring(required)).await;
    assert!(judge(&verifier, &with(user(), &json!({"acr": "mfa"}))).is_ok());
    for changes in [
        json!({}),
        json!({"acr": "pwd"}),
        json!({"acr": {"mfa": true}}),
    ] {
        assert_eq!(
            judge(&verifier, &with(user(), &changes)).unwrap_err(),
            Reason::RequiredClaimMissing,
            "{changes}"
        );
    }
}

#[test]
fn settings_report_every_error_at_once() {
    let names = ["RS256".to_owned(), "HS256".to_owned(), "none".to_owned()];
    let problems = OidcSettings::new(
        "http://id.example",
        &OidcKeys::Discovery,
        &names,
        ClaimNames::default(),
    )
    .unwrap_err();
    let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(text.len(), 3, "{text:?}");
    let keys = OidcKeys::At("http://id.example/keys".to_owned());
    assert!(OidcSettings::new(ISSUER, &keys, &[], ClaimNames::default()).is_err());
    assert!(
        OidcSettings::new(
            "https://id.example/?a=b",
            &OidcKeys::Discovery,
            &[],
            ClaimNames::default()
        )
        .is_err()
    );
    let settings = OidcSettings::new(
        "https://id.example/",
        &OidcKeys::Discovery,
        &[],
        ClaimNames::default(),
    )
    .unwrap();
    let crate::KeyLocation::Discovery { url, .. } = settings.keys else {
        panic!("the settings name discovery")
    };
    assert_eq!(
        url.as_str(),
        "https://id.example/.well-known/openid-configuration"
    );
}
