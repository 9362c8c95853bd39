//! Tokens of Entra, signed with generated keys, and the verifier of the authz server.

use std::time::Duration;

use serde_json::{Value, json};

use super::{EntraIssuer, EntraSettings, EntraVersion, Tenants};
use crate::fetch::{FetchError, FetchedKeys};
use crate::issuer::Issuer;
use crate::key_cache::{KeyCache, KeyPolicy, KeySource};
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
    let verifier = verifier(listed()).await;
    let day = 24 * 3600;
    let backdated = 300;
    for (life, expected) in [
        (day, None),
        (day + backdated, None),
        (day + backdated + 1, Some(Reason::TokenLifetimeTooLong)),
        (2 * day, Some(Reason::TokenLifetimeTooLong)),
    ] {
        let issued = NOW - backdated;
        let claims = with(
            application(),
            &json!({"iat": issued, "nbf": issued, "exp": issued + life}),
        );
        assert_eq!(
            judge(&verifier, &token(&claims)).err(),
            expected,
            "{life} s"
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
    let here = "microsoftonline.com";
    let other = "microsoftonline.us";
    for (metadata, of_key, expected) in [
        (Some(here), json!(here), None),
        (Some(here), json!(other), Some(Reason::IssuerNotAllowed)),
        (Some(other), json!(here), Some(Reason::IssuerNotAllowed)),
        (
            Some(here),
            json!("MicrosoftOnline.com"),
            Some(Reason::IssuerNotAllowed),
        ),
        // A name that the key or the metadata lacks is not compared, as in Microsoft's own library.
        (Some(here), json!(null), None),
        (Some(here), json!(" "), None),
        (None, json!(here), None),
        (None, json!(null), None),
    ] {
        let settings = EntraSettings::new(EntraSettings::PUBLIC_CLOUD, listed()).unwrap();
        let issuer = EntraIssuer::with_keys(settings, |tenant, version, _| {
            let mut key = jwk("k", key(0));
            key["cloud_instance_name"] = of_key.clone();
            published(issuer_of(version, tenant), metadata, &[key]).into()
        });
        let verifier = ready(issuer).await;
        for claims in [user_v1(), user_v2()] {
            assert_eq!(
                judge(&verifier, &token(&claims)).err(),
                expected,
                "{metadata:?} {of_key}"
            );
        }
    }
}

#[tokio::test]
async fn contradictory_claims_are_denied() {
    let verifier = verifier(listed()).await;
    let sts = issuer_of(EntraVersion::V1, TENANT);
    for (base, changes, expected) in [
        (user_v2(), json!({"ver": "1.0"}), Reason::IssuerNotAllowed),
        (user_v2(), json!({"ver": "3.0"}), Reason::ClaimInvalid),
        (user_v2(), json!({"ver": 2.0}), Reason::ClaimInvalid),
        (user_v2(), json!({"ver": null}), Reason::IssuerNotAllowed),
        (user_v2(), json!({"iss": sts}), Reason::IssuerNotAllowed),
        (
            user_v2(),
            json!({"iss": issuer_of(EntraVersion::V2, OTHER_TENANT)}),
            Reason::IssuerNotAllowed,
        ),
        (
            user_v2(),
            json!({"iss": issuer_of(EntraVersion::V2, "{tenantid}")}),
            Reason::IssuerNotAllowed,
        ),
        (
            user_v2(),
            json!({"iss": format!("{}/", issuer_of(EntraVersion::V2, TENANT))}),
            Reason::IssuerNotAllowed,
        ),
        (
            user_v2(),
            json!({"iss": "https://accounts.example", "tid": null}),
            Reason::IssuerNotAllowed,
        ),
        (user_v2(), json!({"iss": null}), Reason::ClaimInvalid),
        (
            user_v2(),
            json!({"tid": OTHER_TENANT}),
            Reason::TenantNotAllowed,
        ),
        (user_v2(), json!({"tid": "common"}), Reason::ClaimInvalid),
        (
            user_v2(),
            json!({"tid": "9188040d-6c67-4c5b-b112-36a304b66dad"}),
            Reason::TenantNotAllowed,
        ),
        (
            user_v2(),
            json!({"aud": format!("api://{API}")}),
            Reason::AudienceNotAllowed,
        ),
        (
            user_v2(),
            json!({"aud": CLIENT}),
            Reason::AudienceNotAllowed,
        ),
        (user_v2(), json!({"aud": [API]}), Reason::ClaimInvalid),
        (
            user_v2(),
            json!({"aud": "00000003-0000-0000-c000-000000000000"}),
            Reason::GraphToken,
        ),
        (user_v2(), json!({"azp": null}), Reason::IdToken),
        (
            user_v2(),
            json!({"azp": null, "scp": null, "nonce": "n"}),
            Reason::IdToken,
        ),
        (
            user_v2(),
            json!({"appid": CLIENT}),
            Reason::TokenInconsistent,
        ),
        (user_v1(), json!({"azp": CLIENT}), Reason::TokenInconsistent),
        (user_v2(), json!({"azp": "web"}), Reason::ClaimInvalid),
        (user_v2(), json!({"oid": null}), Reason::ClaimInvalid),
        (
            user_v2(),
            json!({"oid": "ada@contoso.example"}),
            Reason::ClaimInvalid,
        ),
        (user_v2(), json!({"scp": null}), Reason::TokenInconsistent),
        (user_v2(), json!({"scp": ""}), Reason::TokenInconsistent),
        (user_v2(), json!({"scp": "/"}), Reason::TokenInconsistent),
        (
            user_v2(),
            json!({"scp": "", "idtyp": "user", "preferred_username": null}),
            Reason::TokenInconsistent,
        ),
        (
            user_v2(),
            json!({"scp": "/", "idtyp": "user", "preferred_username": null}),
            Reason::TokenInconsistent,
        ),
        (user_v2(), json!({"scp": " "}), Reason::ClaimInvalid),
        (
            user_v2(),
            json!({"scp": "/ access_as_user"}),
            Reason::ClaimInvalid,
        ),
        (application(), json!({"scp": " "}), Reason::ClaimInvalid),
        (application(), json!({"scp": "/ "}), Reason::ClaimInvalid),
        (
            application(),
            json!({"scp": "//"}),
            Reason::TokenInconsistent,
        ),
        (application(), json!({"scp": ["/"]}), Reason::ClaimInvalid),
        (
            user_v2(),
            json!({"scp": ["access_as_user"]}),
            Reason::ClaimInvalid,
        ),
        (
            user_v2(),
            json!({"idtyp": "app"}),
            Reason::TokenInconsistent,
        ),
        (user_v2(), json!({"roles": "Admin"}), Reason::ClaimInvalid),
        (user_v2(), json!({"name": 7}), Reason::ClaimInvalid),
        (
            application(),
            json!({"scp": "access_as_user"}),
            Reason::TokenInconsistent,
        ),
        (
            application(),
            json!({"idtyp": "device"}),
            Reason::TokenInconsistent,
        ),
        (user_v2(), json!({"exp": NOW - 60}), Reason::TokenExpired),
    ] {
        let claims = with(base, &changes);
        assert_eq!(
            judge(&verifier, &token(&claims)).unwrap_err(),
            expected,
            "{changes}"
        );
    }
}

#[tokio::test]
async fn only_the_named_key_of_the_tokens_own_issuer_counts() {
    let verifier = verifier(listed()).await;
    let header = |kid: &str| json!({"alg": "RS256", "typ": "JWT", "kid": kid});
    for (pair, kid, expected) in [
        (key(0), "k", None),
        (key(1), "k", Some(Reason::SignatureInvalid)),
        (key(0), "K", Some(Reason::KeyUnknown)),
        (key(1), "other-tenant", Some(Reason::IssuerNotAllowed)),
    ] {
        assert_eq!(
            judge(&verifier, &sign(pair, &header(kid), &user_v2())).err(),
            expected,
            "{kid}"
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
    for (tenant, issuer, expected) in [
        (
            OTHER_TENANT,
            issuer_of(EntraVersion::V2, TENANT),
            Reason::IssuerNotAllowed,
        ),
        (
            TENANT,
            issuer_of(EntraVersion::V2, "{tenantid}"),
            Reason::IssuerNotAllowed,
        ),
    ] {
        let claims = with(user_v2(), &json!({"tid": tenant, "iss": issuer}));
        assert_eq!(judge(&verifier, &token(&claims)).unwrap_err(), expected);
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
    for (name, claims, expected) in [
        ("the source that has keys", user_v2(), Ok(())),
        ("another version", user_v1(), Err(Reason::KeysUnavailable)),
        (
            "another tenant",
            with(user_v2(), &of_other),
            Err(Reason::KeysUnavailable),
        ),
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
