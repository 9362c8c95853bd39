//! Input of the benchmarks: an issuer whose keys are in the policy, and tokens of the size of
//! Entra's.

use anyhow::Context;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_policy::PolicySet;
use serde_json::{Value, json};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The time at which tokens are issued and requests decided, in seconds since 1970.
pub const NOW: u64 = 1_800_000_000;
/// The issuer of every token.
pub const ISSUER: &str =
    "https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/v2.0";
/// The audience of every token.
pub const API: &str = "3a5c0001-0000-4000-8000-000000000001";

/// A signing key of the issuer.
#[derive(Debug)]
pub enum IssuerKey {
    /// RS256 with 2048 bits, as Entra's.
    Rs256(Box<RsaKeyPair>),
    /// ES256, which signs a million tokens in seconds.
    Es256(EcdsaKeyPair),
}

impl IssuerKey {
    /// Generates an RS256 key.
    pub fn rs256() -> anyhow::Result<Self> {
        Ok(Self::Rs256(Box::new(
            RsaKeyPair::generate(KeySize::Rsa2048).context("an RSA key")?,
        )))
    }

    /// Generates an ES256 key.
    pub fn es256() -> anyhow::Result<Self> {
        Ok(Self::Es256(
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).context("a P-256 key")?,
        ))
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rs256(_) => "RS256",
            Self::Es256(_) => "ES256",
        }
    }

    /// The public key, as a JWK.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Rs256(pair) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({
                    "kty": "RSA", "use": "sig", "kid": "k",
                    "n": encode(&public.n), "e": encode(&public.e),
                })
            }
            Self::Es256(pair) => {
                let point = pair.public_key().as_ref();
                let coordinate = |range| encode(point.get(range).unwrap_or_default());
                json!({
                    "kty": "EC", "crv": "P-256", "use": "sig", "kid": "k",
                    "x": coordinate(1..33), "y": coordinate(33..65),
                })
            }
        }
    }

    /// A token of user number `user`, with the claims and the length (about 1.4 KB under RS256) of
    /// Entra's.
    pub fn token(&self, user: usize) -> anyhow::Result<String> {
        self.token_at(user, NOW)
    }

    /// [`IssuerKey::token`] issued at `now`, in seconds since 1970.
    pub fn token_at(&self, user: usize, now: u64) -> anyhow::Result<String> {
        self.signed(&claims(user, &["Editor".to_owned()], now))
    }

    /// A token of user number `user` with these roles.
    pub fn token_with_roles(&self, user: usize, roles: &[String]) -> anyhow::Result<String> {
        self.signed(&claims(user, roles, NOW))
    }

    fn signed(&self, claims: &Value) -> anyhow::Result<String> {
        let header = json!({"typ": "JWT", "alg": self.algorithm(), "kid": "k"});
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let mut token = format!("{}.{}", encode(&header), encode(claims));
        let random = SystemRandom::new();
        let signature = match self {
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, token.as_bytes(), &mut signature)
                    .context("signing")?;
                signature
            }
            Self::Es256(pair) => pair
                .sign(&random, token.as_bytes())
                .context("signing")?
                .as_ref()
                .to_vec(),
        };
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Ok(token)
    }

    /// One policy, `tasks`, for tokens of this key. `bind` is the binding of its assertions.
    pub fn policies(&self, bind: &str) -> anyhow::Result<PolicySet> {
        self.policies_limited(bind, &json!({"requests": 1000, "per": "1s"}))
    }

    /// [`IssuerKey::policies`] without a rate limit, whose windows would take memory of their own.
    pub fn unlimited_policies(&self, bind: &str) -> anyhow::Result<PolicySet> {
        self.policies_limited(bind, &Value::Null)
    }

    fn policies_limited(&self, bind: &str, limit: &Value) -> anyhow::Result<PolicySet> {
        let issuer = json!({
            "apiVersion": "portcullis.dev/v1alpha1", "kind": "TokenIssuer",
            "metadata": {"name": "issuer"},
            "spec": {"oidc": {
                "issuer": ISSUER, "jwks": {"keys": [self.jwk()]}, "algorithms": [self.algorithm()],
                "claims": {"subject": "oid", "scopes": "scp", "email": "preferred_username"},
            }},
        });
        let policy = json!({
            "apiVersion": "portcullis.dev/v1alpha1", "kind": "RoutePolicy",
            "metadata": {"name": "tasks"},
            "spec": {
                "issuer": "issuer", "audiences": [API],
                "allow": [{
                    "callers": "users", "scopes": ["access_as_user"],
                    "roles": ["Admin", "Editor", "Reader"],
                }],
                "rateLimit": limit,
                "upstream": {"name": "task-api", "assertion": {"bind": bind}},
            },
        });
        Ok(PolicySet::compile([(
            "policy.yaml",
            format!("{issuer}\n---\n{policy}").as_str(),
        )])?)
    }
}

fn claims(user: usize, roles: &[String], now: u64) -> Value {
    json!({
        "aud": API, "iss": ISSUER, "iat": now, "nbf": now, "exp": now + 3600,
        "aio": "AVQAq/8YAAAAk1vXb0WZ2mW4oQ1dFeRaqx20mWJZ0z2mW4oQAAAAAAAAAAAAAA==",
        "azp": "3a5c0004-0000-4000-8000-000000000004", "azpacr": "0",
        "name": format!("User Number {user}"),
        "oid": format!("aaaaaaaa-0000-4000-8000-{user:012}"),
        "preferred_username": format!("user.{user}@contoso.example"),
        "rh": "1.AVkA0dFeRaqx20mWJZ0z2mW4oQEAXDoAAABAgACAAAAAAABZAA.", "xms_ftd": "Yk1s",
        "roles": roles, "scp": "access_as_user",
        "sid": "00b1c9a2-7e5d-4c1e-9f43-2f7a5f6f3c11", "sub": format!("pairwise-{user:034}"),
        "tid": "11111111-1111-4111-8111-111111111111", "uti": "Yk1sT0pXQ0hPSTlRUkZkWA",
        "ver": "2.0",
    })
}

#[cfg(test)]
mod tests {
    use super::IssuerKey;

    #[test]
    fn token_has_the_length_of_entras() {
        let length = IssuerKey::rs256().unwrap().token(1).unwrap().len();
        assert!((1350..1450).contains(&length), "{length}");
    }
}
