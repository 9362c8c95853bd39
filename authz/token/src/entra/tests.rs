//! Tokens of an Entra whose keys are made here, before the verifier that everybody uses.

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

/// A verifier whose keys are there: key 0 as `k`, and key 1 as `other-tenant`, which Entra bound to another tenant.
async fn verifier(tenants: Tenants) -> Verifier {
    let settings = EntraSettings::new(EntraSettings::PUBLIC_CLOUD, tenants).unwrap();
    let issuer = EntraIssuer::with_keys(settings, |tenant, version, _| {
        let tenant = if tenant == "organizations" { "{tenantid}" } else { tenant };
        let mut bound = jwk("other-tenant", key(1));
        bound["issuer"] = issuer_of(version, OTHER_TENANT).into();
        let mut own = jwk("k", key(0));
        if version == EntraVersion::V2 {
            own["issuer"] = issuer_of(version, tenant).into();
        }
        let document = json!({ "keys": [own, bound] }).to_string();
        let keys = KeySet::parse(document.as_bytes(), EntraIssuer::ALGORITHMS).unwrap();
        KeyCache::start(FixedKeys(FetchedKeys { issuer: Some(issuer_of(version, tenant)), keys }), KeyPolicy::default())
    });
    let verifier = Verifier::new(Issuer::Entra(issuer), TimeRules::default());
    verifier.ready(PATIENCE).await.unwrap();
    verifier
}

fn user_v2() -> Value {
    json!({
        "ver": "2.0", "iss": issuer_of(EntraVersion::V2, TENANT), "aud": API, "tid": TENANT, "oid": USER, "sub": "pairwise",
        "azp": CLIENT, "azpacr": "0", "name": "Renée", "preferred_username": "renee@contoso.example",
        "scp": "access_as_user other", "roles": ["Reader"], "iat": NOW, "nbf": NOW, "exp": NOW + 3600,
    })
}

fn user_v1() -> Value {
    json!({
        "ver": "1.0", "iss": issuer_of(EntraVersion::V1, TENANT), "aud": format!("api://{API}"), "tid": TENANT, "oid": USER,
        "sub": "pairwise", "appid": CLIENT, "appidacr": "0", "name": "Renée", "unique_name": "renee@contoso.example",
        "scp": "access_as_user", "roles": ["Reader"], "iat": NOW, "nbf": NOW, "exp": NOW + 3600,
    })
}

fn application() -> Value {
    json!({
        "ver": "2.0", "iss": issuer_of(EntraVersion::V2, TENANT), "aud": API, "tid": TENANT, "oid": USER, "sub": USER,
        "azp": CLIENT, "azpacr": "1", "idtyp": "app", "roles": ["AuditLog.Write"], "iat": NOW, "nbf": NOW, "exp": NOW + 3600,
    })
}

fn token(claims: &Value) -> String {
    sign(key(0), &json!({"alg": "RS256", "typ": "JWT", "kid": "k"}), claims)
}

fn judge(verifier: &Verifier, token: &str) -> Result<Verified, Reason> {
    let audiences = Audiences::Application(API.to_owned());
    verifier.verify_at_hand(token, &audiences, NOW + 1).map_err(|refusal| refusal.reason)
}

fn listed() -> Tenants {
    Tenants::Listed(vec![TENANT.to_owned()])
}

#[tokio::test]
async fn both_versions_name_the_same_user() {
    let verifier = verifier(listed()).await;
    for claims in [user_v2(), user_v1()] {
        let caller = judge(&verifier, &token(&claims)).unwrap().caller;
        assert_eq!((caller.tenant.as_str(), caller.object_id.as_str(), caller.kind), (TENANT, USER, CallerKind::User));
        assert_eq!((caller.actor.as_deref(), caller.name.as_deref()), (Some(CLIENT), Some("Renée")));
        assert_eq!(caller.email.as_deref(), Some("renee@contoso.example"));
        assert!(caller.has_role("Reader") && caller.has_scope("access_as_user") && !caller.has_role("reader"));
    }
}

#[tokio::test]
async fn an_application_is_told_from_a_user() {
    let verifier = verifier(listed()).await;
    for claims in
        [application(), with(application(), &json!({"idtyp": null})), with(application(), &json!({"roles": null}))]
    {
        let caller = judge(&verifier, &token(&claims)).unwrap().caller;
        assert_eq!((caller.kind, caller.scopes.len()), (CallerKind::Application, 0), "{claims}");
    }
}

#[tokio::test]
async fn claims_that_contradict_each_other_are_refused() {
    let verifier = verifier(listed()).await;
    let sts = issuer_of(EntraVersion::V1, TENANT);
    for (base, changes, expected) in [
        (user_v2(), json!({"ver": "1.0"}), Reason::IssuerNotAllowed),
        (user_v2(), json!({"ver": "3.0"}), Reason::ClaimInvalid),
        (user_v2(), json!({"ver": 2.0}), Reason::ClaimInvalid),
        (user_v2(), json!({"ver": null}), Reason::IssuerNotAllowed),
        (user_v2(), json!({"iss": sts}), Reason::IssuerNotAllowed),
        (user_v2(), json!({"iss": issuer_of(EntraVersion::V2, OTHER_TENANT)}), Reason::IssuerNotAllowed),
        (user_v2(), json!({"iss": issuer_of(EntraVersion::V2, "{tenantid}")}), Reason::IssuerNotAllowed),
        (user_v2(), json!({"iss": format!("{}/", issuer_of(EntraVersion::V2, TENANT))}), Reason::IssuerNotAllowed),
        (user_v2(), json!({"iss": "https://accounts.example", "tid": null}), Reason::IssuerNotAllowed),
        (user_v2(), json!({"iss": null}), Reason::ClaimInvalid),
        (user_v2(), json!({"tid": OTHER_TENANT}), Reason::TenantNotAllowed),
        (user_v2(), json!({"tid": "common"}), Reason::ClaimInvalid),
        (user_v2(), json!({"tid": "9188040d-6c67-4c5b-b112-36a304b66dad"}), Reason::TenantNotAllowed),
        (user_v2(), json!({"aud": format!("api://{API}")}), Reason::AudienceNotAllowed),
        (user_v2(), json!({"aud": CLIENT}), Reason::AudienceNotAllowed),
        (user_v2(), json!({"aud": [API]}), Reason::ClaimInvalid),
        (user_v2(), json!({"aud": "00000003-0000-0000-c000-000000000000"}), Reason::GraphToken),
        (user_v2(), json!({"azp": null}), Reason::IdToken),
        (user_v2(), json!({"azp": null, "scp": null, "nonce": "n"}), Reason::IdToken),
        (user_v2(), json!({"appid": CLIENT}), Reason::TokenInconsistent),
        (user_v1(), json!({"azp": CLIENT}), Reason::TokenInconsistent),
        (user_v2(), json!({"azp": "web"}), Reason::ClaimInvalid),
        (user_v2(), json!({"oid": null}), Reason::ClaimInvalid),
        (user_v2(), json!({"oid": "ada@contoso.example"}), Reason::ClaimInvalid),
        (user_v2(), json!({"scp": null}), Reason::TokenInconsistent),
        (user_v2(), json!({"scp": ""}), Reason::ClaimInvalid),
        (user_v2(), json!({"scp": ["access_as_user"]}), Reason::ClaimInvalid),
        (user_v2(), json!({"idtyp": "app"}), Reason::TokenInconsistent),
        (user_v2(), json!({"roles": "Admin"}), Reason::ClaimInvalid),
        (user_v2(), json!({"name": 7}), Reason::ClaimInvalid),
        (application(), json!({"scp": "access_as_user"}), Reason::TokenInconsistent),
        (application(), json!({"idtyp": "device"}), Reason::TokenInconsistent),
        (user_v2(), json!({"exp": NOW - 60}), Reason::TokenExpired),
    ] {
        let claims = with(base, &changes);
        assert_eq!(judge(&verifier, &token(&claims)).unwrap_err(), expected, "{changes}");
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
        assert_eq!(judge(&verifier, &sign(pair, &header(kid), &user_v2())).err(), expected, "{kid}");
    }
    let good = token(&user_v2());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    for forged in
        [format!("{signed}."), format!("{signed}.{}", &signature[..signature.len() - 2]), format!("{signed}.AAAA")]
    {
        assert_eq!(judge(&verifier, &forged).unwrap_err(), Reason::SignatureInvalid);
    }
}

#[tokio::test]
async fn any_organization_means_each_tokens_own_tenant() {
    let verifier = verifier(Tenants::AnyOrganization).await;
    for tenant in [TENANT, OTHER_TENANT] {
        let claims = with(user_v2(), &json!({"tid": tenant, "iss": issuer_of(EntraVersion::V2, tenant)}));
        assert_eq!(judge(&verifier, &token(&claims)).unwrap().caller.tenant, tenant);
    }
    for (tenant, issuer, expected) in [
        (OTHER_TENANT, issuer_of(EntraVersion::V2, TENANT), Reason::IssuerNotAllowed),
        (TENANT, issuer_of(EntraVersion::V2, "{tenantid}"), Reason::IssuerNotAllowed),
    ] {
        let claims = with(user_v2(), &json!({"tid": tenant, "iss": issuer}));
        assert_eq!(judge(&verifier, &token(&claims)).unwrap_err(), expected);
    }
}

#[tokio::test]
async fn without_keys_nobody_is_verified() {
    let settings = EntraSettings::new(EntraSettings::PUBLIC_CLOUD, listed()).unwrap();
    let issuer = EntraIssuer::with_keys(settings, |_, _, _| KeyCache::start(Silent, KeyPolicy::default()));
    let verifier = Verifier::new(Issuer::Entra(issuer), TimeRules::default());
    assert_eq!(judge(&verifier, &token(&user_v2())).unwrap_err(), Reason::KeysUnavailable);
    let missing = verifier.ready(Duration::ZERO).await.unwrap_err();
    assert_eq!(missing.0.len(), 2, "{missing}");
}
