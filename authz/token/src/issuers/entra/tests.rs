//! Tokens of Entra, signed with generated keys, and the verifier of the authz server.

mod contradictions;

use std::time::Duration;

use aws_lc_rs::rsa::KeyPair;
use serde_json::{Value, json};

use super::{EntraIssuer, EntraSettings, Tenants};
use crate::issuers::entra_version::EntraVersion;
use crate::issuers::issuer::Issuer;
use crate::keys::{FetchError, FetchedKeys, KeyCache, KeyPolicy, KeySource};
use crate::signed_tokens::{FixedKeys, jwk, key, sign, with};
use crate::{Algorithm, Audiences, CallerKind, KeySet, Reason, TimeRules, Verified, Verifier};

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const OTHER_TENANT: &str = "22222222-2222-4222-8222-222222222222";
const API: &str = "3a5c0001-0000-4000-8000-000000000001";
const CLIENT: &str = "3a5c0004-0000-4000-8000-000000000004";
const USER: &str = "aaaaaaaa-0001-4000-8000-000000000001";
const PATIENCE: Duration = Duration::from_secs(10);
const NOW: u64 = 1_800_000_000;

/// An issuer that never answers.
struct Silent;

impl KeySource for Silent {
    fn name(&self) -> String {
        "silent".to_owned()
    }

    fn algorithms(&self) -> &[Algorithm] {
        EntraIssuer::ALGORITHMS
    }

    async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
        std::future::pending().await
    }
}

fn issuer_of(version: EntraVersion, tenant: &str) -> String {
    match version {
        EntraVersion::V1 => format!("https://sts.windows.net/{tenant}/"),
        EntraVersion::V2 => format!("https://login.microsoftonline.com/{tenant}/v2.0"),
    }
}

/// A ready verifier. It has key 0 as `k`, and key 1 as `other-tenant`, which Entra bound to another
/// tenant.
async fn verifier(tenants: Tenants) -> Verifier {
    verifier_by(EntraSettings::new(EntraSettings::PUBLIC_CLOUD, tenants).unwrap()).await
}

async fn verifier_by(settings: EntraSettings) -> Verifier {
    let issuer = EntraIssuer::with_keys(settings, |tenant, version, _| {
        let tenant = if tenant == "organizations" {
            "{tenantid}"
        } else {
            tenant
        };
        let mut bound = jwk("other-tenant", key(1));
        bound["issuer"] = issuer_of(version, OTHER_TENANT).into();
        let mut own = jwk("k", key(0));
        if version == EntraVersion::V2 {
            own["issuer"] = issuer_of(version, tenant).into();
        }
        published(issuer_of(version, tenant), None, &[own, bound]).into()
    });
    ready(issuer).await
}

fn published(issuer: String, cloud: Option<&str>, keys: &[Value]) -> KeyCache {
    let document = json!({ "keys": keys }).to_string();
    let keys = KeySet::parse(document.as_bytes(), EntraIssuer::ALGORITHMS).unwrap();
    let fetched = FetchedKeys {
        issuer: Some(issuer),
        cloud_instance: cloud.map(str::to_owned),
        keys,
    };
    KeyCache::start(FixedKeys(fetched), KeyPolicy::default())
}

async fn ready(issuer: EntraIssuer) -> Verifier {
    let verifier = Verifier::new(Issuer::Entra(issuer), TimeRules::entra());
    verifier.ready(PATIENCE).await.unwrap();
    verifier
}

fn user_v2() -> Value {
    json!({
        "ver": "2.0", "iss": issuer_of(EntraVersion::V2, TENANT), "aud": API, "tid": TENANT,
        "oid": USER, "sub": "pairwise", "azp": CLIENT, "azpacr": "0", "name": "Renée",
        "preferred_username": "renee@contoso.example", "scp": "access_as_user other",
        "roles": ["Reader"], "iat": NOW, "nbf": NOW, "exp": NOW + 3600,
    })
}

fn user_v1() -> Value {
    json!({
        "ver": "1.0", "iss": issuer_of(EntraVersion::V1, TENANT), "aud": format!("api://{API}"),
        "tid": TENANT, "oid": USER, "sub": "pairwise", "appid": CLIENT, "appidacr": "0",
        "name": "Renée", "unique_name": "renee@contoso.example", "scp": "access_as_user",
        "roles": ["Reader"], "iat": NOW, "nbf": NOW, "exp": NOW + 3600,
    })
}

fn application() -> Value {
    json!({
        "ver": "2.0", "iss": issuer_of(EntraVersion::V2, TENANT), "aud": API, "tid": TENANT,
        "oid": USER, "sub": USER, "azp": CLIENT, "azpacr": "1", "idtyp": "app",
        "roles": ["AuditLog.Write"], "iat": NOW, "nbf": NOW, "exp": NOW + 3600,
    })
}

fn token(claims: &Value) -> String {
    sign(
        key(0),
        &json!({"alg": "RS256", "typ": "JWT", "kid": "k"}),
        claims,
    )
}

fn judge(verifier: &Verifier, token: &str) -> Result<Verified, Reason> {
    let audiences = Audiences::Application(API.to_owned());
    verifier
        .verify_at_hand(token, &audiences, NOW + 1)
        .map_err(|denied| denied.reason)
}

fn listed() -> Tenants {
    Tenants::Listed(vec![TENANT.to_owned()])
}

#[tokio::test]
async fn both_versions_name_the_same_user() {
    let verifier = verifier(listed()).await;
    for claims in [user_v2(), user_v1()] {
        let caller = judge(&verifier, &token(&claims)).unwrap().caller;
        assert_eq!(
            (
                caller.tenant.as_str(),
                caller.object_id.as_str(),
                caller.kind
            ),
            (TENANT, USER, CallerKind::User)
        );
        assert_eq!(
            (caller.actor.as_deref(), caller.name.as_deref()),
            (Some(CLIENT), Some("Renée"))
        );
        assert_eq!(caller.email.as_deref(), Some("renee@contoso.example"));
        assert!(
            caller.has_role("Reader")
                && caller.has_scope("access_as_user")
                && !caller.has_role("reader")
        );
    }
}

#[tokio::test]
async fn application_is_told_from_a_user() {
    let verifier = verifier(listed()).await;
    for claims in [
        application(),
        with(application(), &json!({"idtyp": null})),
        with(application(), &json!({"roles": null})),
    ] {
        for unscoped in [json!({}), json!({"scp": ""}), json!({"scp": "/"})] {
            let claims = with(claims.clone(), &unscoped);
            let caller = judge(&verifier, &token(&claims)).unwrap().caller;
            assert_eq!(
                (caller.kind, caller.scopes.len()),
                (CallerKind::Application, 0),
                "{claims}"
            );
        }
    }
}

/// The sample of "Token claims reference for agent IDs", whose token lives for 8 h 5 min.
#[tokio::test]
async fn an_agent_identity_is_an_application_and_acts_for_users_as_their_client() {
    let verifier = verifier(listed()).await;
    let agent = json!({
        "idp": issuer_of(EntraVersion::V1, TENANT), "idtyp": "app", "scp": "/", "exp": NOW + 29_100,
        "xms_act_fct": "3 9 11", "xms_sub_fct": "9 3 11", "xms_tnt_fct": "3 9", "xms_idrel": "7 10",
        "xms_par_app_azp": "30cf4c22-9985-4ef7-8756-91cc888176bd",
    });
    let caller = judge(&verifier, &token(&with(application(), &agent)))
        .unwrap()
        .caller;
    assert_eq!(
        (caller.kind, caller.actor.as_deref()),
        (CallerKind::Application, Some(CLIENT))
    );
    let for_user = json!({"idtyp": "user", "xms_act_fct": "11 9 3", "xms_sub_fct": "2 3"});
    let caller = judge(&verifier, &token(&with(user_v2(), &for_user)))
        .unwrap()
        .caller;
    assert_eq!(
        (caller.kind, caller.object_id.as_str()),
        (CallerKind::User, USER)
    );
}

#[tokio::test]
async fn token_of_managed_identity_is_accepted_and_a_longer_one_is_denied() {
    struct Case {
        name: &'static str,
        life: u64,
        expected: Option<Reason>,
    }

    let verifier = verifier(listed()).await;
    let day = 24 * 3600;
    let backdated = 300;
    for Case {
        name,
        life,
        expected,
    } in [
        Case {
            name: "a day",
            life: day,
            expected: None,
        },
        Case {
            name: "a day, backdated",
            life: day + backdated,
            expected: None,
        },
        Case {
            name: "a second more",
            life: day + backdated + 1,
            expected: Some(Reason::TokenLifetimeTooLong),
        },
        Case {
            name: "two days",
            life: 2 * day,
            expected: Some(Reason::TokenLifetimeTooLong),
        },
    ] {
        let issued = NOW - backdated;
        let claims = with(
            application(),
            &json!({"iat": issued, "nbf": issued, "exp": issued + life}),
        );
        assert_eq!(
            judge(&verifier, &token(&claims)).err(),
            expected,
            "{name}: {life} s"
        );
    }
}

#[tokio::test]
async fn sender_constrained_token_is_denied_unless_the_settings_accept_it() {
    let settings = EntraSettings::new(EntraSettings::PUBLIC_CLOUD, listed()).unwrap();
    let strict = verifier_by(settings.clone()).await;
    let lax = verifier_by(settings.insecure_sender_constrained_as_bearer(true)).await;
    for claims in [user_v2(), user_v1(), application()] {
        let bound = token(&with(
            claims.clone(),
            &json!({"cnf": {"kid": "k", "xms_ksl": "sw"}}),
        ));
        assert_eq!(
            judge(&strict, &bound).unwrap_err(),
            Reason::SenderConstrained
        );
        assert!(judge(&lax, &bound).is_ok() && judge(&lax, &token(&claims)).is_ok());
        let malformed = token(&with(claims, &json!({"cnf": "k"})));
        assert_eq!(
            [&strict, &lax].map(|verifier| judge(verifier, &malformed).unwrap_err()),
            [Reason::ClaimInvalid; 2]
        );
    }
}

#[tokio::test]
async fn key_of_another_cloud_verifies_nothing() {
    struct Case {
        name: &'static str,
        metadata: Option<&'static str>,
        of_key: Value,
        expected: Option<Reason>,
    }

    let here = "microsoftonline.com";
    let other = "microsoftonline.us";
    for Case {
        name,
        metadata,
        of_key,
        expected,
    } in [
        Case {
            name: "the same cloud",
            metadata: Some(here),
            of_key: json!(here),
            expected: None,
        },
        Case {
            name: "key of another cloud",
            metadata: Some(here),
            of_key: json!(other),
            expected: Some(Reason::IssuerNotAllowed),
        },
        Case {
            name: "metadata of another cloud",
            metadata: Some(other),
            of_key: json!(here),
            expected: Some(Reason::IssuerNotAllowed),
        },
        Case {
            name: "cloud in another case",
            metadata: Some(here),
            of_key: json!("MicrosoftOnline.com"),
            expected: Some(Reason::IssuerNotAllowed),
        },
        // A name that the key or the metadata lacks is not compared, as in Microsoft's own library.
        Case {
            name: "key without a cloud",
            metadata: Some(here),
            of_key: json!(null),
            expected: None,
        },
        Case {
            name: "key with a blank cloud",
            metadata: Some(here),
            of_key: json!(" "),
            expected: None,
        },
        Case {
            name: "metadata without a cloud",
            metadata: None,
            of_key: json!(here),
            expected: None,
        },
        Case {
            name: "no cloud at all",
            metadata: None,
            of_key: json!(null),
            expected: None,
        },
    ] {
        let settings = EntraSettings::new(EntraSettings::PUBLIC_CLOUD, listed()).unwrap();
        let issuer = EntraIssuer::with_keys(settings, |tenant, version, _| {
            let mut key = jwk("k", key(0));
            key["cloud_instance_name"] = of_key.clone();
            published(issuer_of(version, tenant), metadata, &[key]).into()
        });
        let verifier = ready(issuer).await;
        for claims in [user_v1(), user_v2()] {
            assert_eq!(judge(&verifier, &token(&claims)).err(), expected, "{name}");
        }
    }
}

#[tokio::test]
async fn only_the_named_key_of_the_tokens_own_issuer_counts() {
    struct Case {
        name: &'static str,
        pair: &'static KeyPair,
        kid: &'static str,
        expected: Option<Reason>,
    }

    let verifier = verifier(listed()).await;
    let header = |kid: &str| json!({"alg": "RS256", "typ": "JWT", "kid": kid});
    for Case {
        name,
        pair,
        kid,
        expected,
    } in [
        Case {
            name: "the named key",
            pair: key(0),
            kid: "k",
            expected: None,
        },
        Case {
            name: "another key under that name",
            pair: key(1),
            kid: "k",
            expected: Some(Reason::SignatureInvalid),
        },
        Case {
            name: "name in another case",
            pair: key(0),
            kid: "K",
            expected: Some(Reason::KeyUnknown),
        },
        Case {
            name: "key bound to another tenant",
            pair: key(1),
            kid: "other-tenant",
            expected: Some(Reason::IssuerNotAllowed),
        },
    ] {
        assert_eq!(
            judge(&verifier, &sign(pair, &header(kid), &user_v2())).err(),
            expected,
            "{name}"
        );
    }
    let good = token(&user_v2());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    for forged in [
        format!("{signed}."),
        format!("{signed}.{}", &signature[..signature.len() - 2]),
        format!("{signed}.AAAA"),
    ] {
        assert_eq!(
            judge(&verifier, &forged).unwrap_err(),
            Reason::SignatureInvalid
        );
    }
}

#[tokio::test]
async fn any_organization_means_each_tokens_own_tenant() {
    struct Case {
        name: &'static str,
        tenant: &'static str,
        issuer: String,
        expected: Reason,
    }

    let verifier = verifier(Tenants::AnyOrganization).await;
    for tenant in [TENANT, OTHER_TENANT] {
        let claims = with(
            user_v2(),
            &json!({"tid": tenant, "iss": issuer_of(EntraVersion::V2, tenant)}),
        );
        assert_eq!(
            judge(&verifier, &token(&claims)).unwrap().caller.tenant,
            tenant
        );
    }
    for Case {
        name,
        tenant,
        issuer,
        expected,
    } in [
        Case {
            name: "issuer of another tenant",
            tenant: OTHER_TENANT,
            issuer: issuer_of(EntraVersion::V2, TENANT),
            expected: Reason::IssuerNotAllowed,
        },
        Case {
            name: "issuer with the placeholder",
            tenant: TENANT,
            issuer: issuer_of(EntraVersion::V2, "{tenantid}"),
            expected: Reason::IssuerNotAllowed,
        },
    ] {
        let claims = with(user_v2(), &json!({"tid": tenant, "iss": issuer}));
        assert_eq!(
            judge(&verifier, &token(&claims)).unwrap_err(),
            expected,
            "{name}"
        );
    }
}

#[tokio::test]
async fn token_without_keys_is_denied_as_keys_unavailable() {
    let settings = EntraSettings::new(EntraSettings::PUBLIC_CLOUD, listed()).unwrap();
    let issuer = EntraIssuer::with_keys(settings, |_, _, _| {
        KeyCache::start(Silent, KeyPolicy::default()).into()
    });
    let verifier = Verifier::new(Issuer::Entra(issuer), TimeRules::default());
    assert_eq!(
        judge(&verifier, &token(&user_v2())).unwrap_err(),
        Reason::KeysUnavailable
    );
    let missing = verifier.ready(Duration::ZERO).await.unwrap_err();
    assert_eq!(missing.0.len(), 2, "{missing}");
}

#[tokio::test]
async fn a_tenant_or_version_without_keys_affects_its_own_tokens_alone() {
    struct Case {
        name: &'static str,
        claims: Value,
        expected: Result<(), Reason>,
    }

    let tenants = Tenants::Listed(vec![TENANT.to_owned(), OTHER_TENANT.to_owned()]);
    let settings = EntraSettings::new(EntraSettings::PUBLIC_CLOUD, tenants).unwrap();
    let issuer = EntraIssuer::with_keys(settings, |tenant, version, _| {
        if (tenant, version) != (TENANT, EntraVersion::V2) {
            return KeyCache::start(Silent, KeyPolicy::default()).into();
        }
        let document = json!({ "keys": [jwk("k", key(0))] }).to_string();
        let keys = KeySet::parse(document.as_bytes(), EntraIssuer::ALGORITHMS).unwrap();
        let keys = FixedKeys(FetchedKeys {
            issuer: Some(issuer_of(version, tenant)),
            cloud_instance: None,
            keys,
        });
        KeyCache::start(keys, KeyPolicy::default()).into()
    });
    let verifier = Verifier::new(Issuer::Entra(issuer), TimeRules::default());
    let of_other = json!({"tid": OTHER_TENANT, "iss": issuer_of(EntraVersion::V2, OTHER_TENANT)});
    verifier
        .ready_for(&token(&user_v2()), PATIENCE)
        .await
        .unwrap();
    assert!(verifier.has_keys());
    for Case {
        name,
        claims,
        expected,
    } in [
        Case {
            name: "the source that has keys",
            claims: user_v2(),
            expected: Ok(()),
        },
        Case {
            name: "another version",
            claims: user_v1(),
            expected: Err(Reason::KeysUnavailable),
        },
        Case {
            name: "another tenant",
            claims: with(user_v2(), &of_other),
            expected: Err(Reason::KeysUnavailable),
        },
    ] {
        let token = token(&claims);
        assert_eq!(judge(&verifier, &token).map(drop), expected, "{name}");
        let ready = verifier
            .ready_for(&token, Duration::ZERO)
            .await
            .map_err(|missing| missing.0.len());
        assert_eq!(ready, expected.map_err(|_| 1), "{name}");
    }
}
