//! Issuers with generated keys. They test policies offline, without a network and without an
//! issuer's private key.

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

use crate::claims::TimeRules;
use crate::issuers::{
    Audiences, EntraIssuer, EntraSettings, EntraVersion, Issuer, OidcIssuer, OidcSettings,
};
use crate::jws::Algorithm;
use crate::jwt::Unopened;
use crate::keys::{
    FetchError, FetchedKeys, KeyCache, KeyPolicy, KeySet, KeySource, VerificationKey,
};
use crate::token_denied::TokenDenied;
use crate::verifier::{Verified, Verifier};

const KEY_ID: &str = "offline";
const ALGORITHM: Algorithm = Algorithm::Rs256;
/// The caller if a case names none.
const SAMPLE_CALLER: &str = "00000000-0000-4000-8000-000000000001";
/// The client application if a case names none.
const SAMPLE_CLIENT: &str = "00000000-0000-4000-8000-00000000000c";
/// The tenant if the settings list none.
const SAMPLE_TENANT: &str = "00000000-0000-4000-8000-00000000000a";

/// A generated key that signs tokens in place of every issuer.
#[derive(Debug)]
pub struct OfflineIssuer {
    pair: KeyPair,
    keys: KeySet,
}

/// A verifier that trusts only the key of an [`OfflineIssuer`].
#[derive(Debug)]
pub struct OfflineVerifier {
    verifier: Arc<Verifier>,
    provider: Provider,
}

#[derive(Debug)]
enum Provider {
    Entra(EntraSettings),
    Oidc(OidcSettings),
}

/// A source of generated keys, which needs no network.
struct GeneratedKeys(FetchedKeys);

impl KeySource for GeneratedKeys {
    fn name(&self) -> String {
        "offline".to_owned()
    }

    fn algorithms(&self) -> &[Algorithm] {
        &[ALGORITHM]
    }

    async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
        Ok(self.0.clone())
    }
}

impl OfflineIssuer {
    /// Generates the key; `None` if the system's random numbers fail.
    #[must_use]
    pub fn new() -> Option<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).ok()?;
        let public = pair.public_key().as_der().ok()?;
        let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public.as_ref()).ok()?;
        let keys = KeySet::of(KEY_ID, VerificationKey::of(ALGORITHM, public));
        Some(Self { pair, keys })
    }

    /// A verifier of Entra's tokens, whose issuers are those of Microsoft's documentation.
    pub async fn entra(&self, settings: EntraSettings, times: TimeRules) -> OfflineVerifier {
        let issuer = EntraIssuer::with_keys(settings.clone(), |tenant, version, _| {
            let tenant = if tenant == "organizations" {
                "{tenantid}"
            } else {
                tenant
            };
            self.cache(Some(settings.documented_issuer(tenant, version)))
        });
        OfflineVerifier::new(Issuer::Entra(issuer), times, Provider::Entra(settings)).await
    }

    /// A verifier of the tokens of another provider.
    pub async fn oidc(&self, settings: OidcSettings, times: TimeRules) -> OfflineVerifier {
        let settings = settings.with_algorithm(ALGORITHM);
        let issuer = OidcIssuer::with_keys(settings.clone(), self.cache(None));
        OfflineVerifier::new(Issuer::Oidc(issuer), times, Provider::Oidc(settings)).await
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
        let keys = GeneratedKeys(FetchedKeys {
            issuer,
            cloud_instance: None,
            keys: self.keys.clone(),
        });
        Arc::new(KeyCache::start(keys, KeyPolicy::default()))
    }
}

impl OfflineVerifier {
    async fn new(issuer: Issuer, times: TimeRules, provider: Provider) -> Self {
        let verifier = Arc::new(Verifier::new(issuer, times));
        for keys in verifier.issuer.key_caches() {
            keys.ready().await;
        }
        Self { verifier, provider }
    }

    /// The verifier, as an authz server uses it.
    #[must_use]
    pub fn verifier(&self) -> Arc<Verifier> {
        Arc::clone(&self.verifier)
    }

    /// Checks all of a token except its signature. The name says so, because the result must not
    /// admit a request.
    pub fn judge_all_but_the_signature(
        &self,
        token: &str,
        audiences: &Audiences,
        now: u64,
    ) -> Result<Verified, TokenDenied> {
        let unopened = Unopened::parse(token, self.verifier.issuer.algorithms())?;
        self.verifier
            .judge_claims(unopened.unverified_claims(), audiences, now)
    }

    /// The claims of a token that the issuer would issue at `now` to a caller without any right.
    /// `wanted` changes them: a null removes a claim.
    #[must_use]
    pub fn claims(&self, audiences: &Audiences, now: u64, wanted: &Map<String, Value>) -> Value {
        let audience = match audiences {
            Audiences::Application(id) => id.as_str(),
            Audiences::Exactly(names) => names.first().map_or("", String::as_str),
        };
        let mut claims = match &self.provider {
            Provider::Entra(settings) => entra_claims(settings, wanted),
            Provider::Oidc(settings) => settings.sample_claims(SAMPLE_CALLER),
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
    let tenant = text("tid").unwrap_or_else(|| settings.some_tenant().unwrap_or(SAMPLE_TENANT));
    let (actor, _) = version.actor_claims();
    let claims = [
        ("ver", version.claim()),
        ("iss", &settings.documented_issuer(tenant, version)),
        ("tid", tenant),
        ("oid", SAMPLE_CALLER),
        ("sub", SAMPLE_CALLER),
        (actor, SAMPLE_CLIENT),
    ];
    claims
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
}

#[cfg(test)]
mod tests;
