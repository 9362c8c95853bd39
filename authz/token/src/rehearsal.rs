//! Issuers without their keys: what a policy says can be tried without a network, and without
//! anybody's private key.

use std::sync::Arc;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::algorithm::Algorithm;
use crate::audience::Audiences;
use crate::entra::{EntraIssuer, EntraSettings, EntraVersion};
use crate::fetch::{FetchError, FetchedKeys};
use crate::issuer::Issuer;
use crate::jwk::VerificationKey;
use crate::key_cache::{KeyCache, KeyPolicy, KeySource};
use crate::key_set::KeySet;
use crate::oidc::{OidcIssuer, OidcSettings};
use crate::open::Unopened;
use crate::refusal::Refusal;
use crate::verifier::{TimeRules, Verified, Verifier};

const KEY_ID: &str = "rehearsal";
const ALGORITHM: Algorithm = Algorithm::Rs256;
/// Who calls where a case does not say.
const SOMEBODY: &str = "00000000-0000-4000-8000-000000000001";
/// The client application where a case does not say.
const SOME_CLIENT: &str = "00000000-0000-4000-8000-00000000000c";
/// The tenant where any will do.
const SOME_TENANT: &str = "00000000-0000-4000-8000-00000000000a";

/// A key that stands for every issuer's, made for the moment: it signs what issuers would sign.
#[derive(Debug)]
pub struct Rehearsal {
    pair: KeyPair,
    keys: KeySet,
}

/// A verifier to which only the key of a [`Rehearsal`] is its issuer's.
#[derive(Debug)]
pub struct RehearsedVerifier {
    verifier: Arc<Verifier>,
    provider: Provider,
}

#[derive(Debug)]
enum Provider {
    Entra(EntraSettings),
    Oidc(OidcSettings),
}

/// Keys that are at hand without a fetch.
struct AtHand(FetchedKeys);

impl KeySource for AtHand {
    fn name(&self) -> String {
        "rehearsal".to_owned()
    }

    fn algorithms(&self) -> &[Algorithm] {
        &[ALGORITHM]
    }

    async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
        Ok(self.0.clone())
    }
}

impl Rehearsal {
    /// Makes the key; `None` if the system's random numbers fail.
    #[must_use]
    pub fn new() -> Option<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).ok()?;
        let public = pair.public_key().as_der().ok()?;
        let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public.as_ref()).ok()?;
        let keys = KeySet::of(KEY_ID, VerificationKey::of(ALGORITHM, public));
        Some(Self { pair, keys })
    }

    /// Entra, whose issuers are named as its documentation has them.
    pub async fn entra(&self, settings: EntraSettings, times: TimeRules) -> RehearsedVerifier {
        let issuer = EntraIssuer::with_keys(settings.clone(), |tenant, version, _| {
            let tenant = if tenant == "organizations" {
                "{tenantid}"
            } else {
                tenant
            };
            self.cache(Some(settings.documented_issuer(tenant, version)))
        });
        RehearsedVerifier::new(Issuer::Entra(issuer), times, Provider::Entra(settings)).await
    }

    /// Another provider.
    pub async fn oidc(&self, settings: OidcSettings, times: TimeRules) -> RehearsedVerifier {
        let settings = settings.with_algorithm(ALGORITHM);
        let issuer = OidcIssuer::with_keys(settings.clone(), self.cache(None));
        RehearsedVerifier::new(Issuer::Oidc(issuer), times, Provider::Oidc(settings)).await
    }

    /// Signs `claims`; `None` if the system's random numbers fail.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> Option<String> {
        let header = json!({"typ": "JWT", "alg": ALGORITHM.name(), "kid": KEY_ID});
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let mut token = format!("{}.{}", encode(&header), encode(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                token.as_bytes(),
                &mut signature,
            )
            .ok()?;
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Some(token)
    }

    fn cache(&self, issuer: Option<String>) -> Arc<KeyCache> {
        let keys = AtHand(FetchedKeys {
            issuer,
            cloud_instance: None,
            keys: self.keys.clone(),
        });
        Arc::new(KeyCache::start(keys, KeyPolicy::default()))
    }
}

impl RehearsedVerifier {
    async fn new(issuer: Issuer, times: TimeRules, provider: Provider) -> Self {
        let verifier = Arc::new(Verifier::new(issuer, times));
        for keys in verifier.issuer.key_caches() {
            keys.ready().await;
        }
        Self { verifier, provider }
    }

    /// The verifier, as a gate uses it.
    #[must_use]
    pub fn verifier(&self) -> Arc<Verifier> {
        Arc::clone(&self.verifier)
    }

    /// Judges all of a token but its signature, and says so in the name: whoever calls this lets
    /// nobody in.
    pub fn judge_all_but_the_signature(
        &self,
        token: &str,
        audiences: &Audiences,
        now: u64,
    ) -> Result<Verified, Refusal> {
        let unopened = Unopened::parse(token, self.verifier.issuer.algorithms())?;
        self.verifier
            .judge_claims(unopened.unverified_claims(), audiences, now)
    }

    /// The claims of a token that the issuer would issue at `now`: somebody's, with no right at
    /// all. `wanted` changes them: a null takes a claim away.
    #[must_use]
    pub fn claims(&self, audiences: &Audiences, now: u64, wanted: &Map<String, Value>) -> Value {
        let audience = match audiences {
            Audiences::Application(id) => id.as_str(),
            Audiences::Exactly(names) => names.first().map_or("", String::as_str),
        };
        let mut claims = match &self.provider {
            Provider::Entra(settings) => entra_claims(settings, wanted),
            Provider::Oidc(settings) => settings.sample_claims(SOMEBODY),
        };
        claims.extend([
            ("aud".to_owned(), audience.into()),
            ("iat".to_owned(), now.into()),
            ("nbf".to_owned(), now.into()),
            ("exp".to_owned(), (now + 3600).into()),
        ]);
        for (name, value) in wanted {
            claims.insert(name.clone(), value.clone());
        }
        claims.retain(|_, value| !value.is_null());
        Value::Object(claims)
    }
}

fn entra_claims(settings: &EntraSettings, wanted: &Map<String, Value>) -> Map<String, Value> {
    let text = |name: &str| wanted.get(name).and_then(Value::as_str);
    let version = text("ver")
        .and_then(EntraVersion::from_claim)
        .unwrap_or(EntraVersion::V2);
    let tenant = text("tid").unwrap_or_else(|| settings.some_tenant().unwrap_or(SOME_TENANT));
    let (actor, _) = version.actor_claims();
    let claims = [
        ("ver", version.claim()),
        ("iss", &settings.documented_issuer(tenant, version)),
        ("tid", tenant),
        ("oid", SOMEBODY),
        ("sub", SOMEBODY),
        (actor, SOME_CLIENT),
    ];
    claims
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::Rehearsal;
    use crate::{
        Audiences, CallerKind, ClaimNames, EntraSettings, OidcKeys, OidcSettings, Reason, Tenants,
        TimeRules,
    };

    const NOW: u64 = 1_800_000_000;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[tokio::test]
    async fn what_is_rehearsed_is_what_a_verifier_accepts() {
        let rehearsal = Rehearsal::new().unwrap();
        let listed = Tenants::Listed(vec!["11111111-1111-4111-8111-111111111111".to_owned()]);
        let entra = |tenants| EntraSettings::new(EntraSettings::PUBLIC_CLOUD, tenants).unwrap();
        let oidc = OidcSettings::new(
            "https://id.example",
            &OidcKeys::Discovery,
            &["ES256".to_owned()],
            ClaimNames::default(),
        );
        let application = Audiences::Application("3a5c0001-0000-4000-8000-000000000001".to_owned());
        let named = Audiences::Exactly(vec!["shop".to_owned()]);
        for (verifier, audiences, wanted) in [
            (
                rehearsal.entra(entra(listed), TimeRules::default()).await,
                &application,
                json!({"scp": "a", "roles": ["R"]}),
            ),
            (
                rehearsal
                    .entra(entra(Tenants::AnyOrganization), TimeRules::default())
                    .await,
                &application,
                json!({"ver": "1.0", "scp": "a", "roles": ["R"]}),
            ),
            (
                rehearsal.oidc(oidc.unwrap(), TimeRules::default()).await,
                &named,
                json!({"scope": "a", "roles": ["R"]}),
            ),
        ] {
            let claims = verifier.claims(audiences, NOW, &map(&wanted));
            let token = rehearsal.sign(&claims).unwrap();
            let verified = verifier
                .verifier()
                .verify(&token, audiences, NOW)
                .await
                .unwrap();
            assert!(
                verified.caller.kind == CallerKind::User && verified.caller.has_role("R"),
                "{claims}"
            );
            let unsigned = format!("{}.c2ln", token.rsplit_once('.').unwrap().0);
            assert!(
                verifier
                    .judge_all_but_the_signature(&unsigned, audiences, NOW)
                    .is_ok()
            );
            let refusal = verifier
                .verifier()
                .verify(&unsigned, audiences, NOW)
                .await
                .unwrap_err();
            assert_eq!(
                refusal.reason,
                Reason::SignatureInvalid,
                "a gate judges the signature too"
            );
            let other =
                verifier.claims(audiences, NOW, &map(&json!({"aud": "other", "exp": null})));
            assert!(other.get("exp").is_none() && other["aud"] == "other");
        }
    }
}
