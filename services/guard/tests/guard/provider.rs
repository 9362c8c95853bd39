use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_token::unix_now;
use serde_json::{Value, json};

/// The issuer identifier of the provider.
pub(crate) const ID: &str = "https://id.example/realms/shop";
/// The audience of the API.
pub(crate) const ORDERS: &str = "https://orders.example";
const KEY_ID: &str = "first";

/// An OpenID Connect provider with an ES256 key, and claims under names of its own.
pub(crate) struct Provider(EcdsaKeyPair);

impl Provider {
    pub(crate) fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    /// The `spec` of its TokenIssuer document, with its key. `more` are further fields.
    pub(crate) fn spec(&self, more: &str) -> String {
        // An uncompressed point (SEC 1 §2.3.3): a byte 4, then x and y.
        let point = self.0.public_key().as_ref();
        let x = URL_SAFE_NO_PAD.encode(&point[1..33]);
        let y = URL_SAFE_NO_PAD.encode(&point[33..]);
        format!(
            "{{{more} oidc: {{issuer: '{ID}', algorithms: [ES256], \
             jwks: {{keys: [{{kty: EC, crv: P-256, kid: {KEY_ID}, alg: ES256, use: sig, \
             x: '{x}', y: '{y}'}}]}}, \
             claims: {{subject: user.id, roles: realm.roles, scopes: permissions, \
             kind: {{claim: grant, users: [password], applications: [secret]}}}}, \
             requiredClaims: {{level: [2]}}}}}}"
        )
    }

    /// A token with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": KEY_ID});
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let content = format!("{}.{}", encode(&header), encode(claims));
        let signature = self
            .0
            .sign(&SystemRandom::new(), content.as_bytes())
            .unwrap();
        format!("{content}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The claims of a good token of a user.
pub(crate) fn claims() -> Value {
    let now = unix_now();
    json!({
        "iss": ID, "aud": [ORDERS, "https://other.example"], "sub": "session 7",
        "user": {"id": "u-1"}, "realm": {"roles": ["Reader"]}, "permissions": "orders.read",
        "grant": "password", "level": 2, "azp": "shop", "name": "Ada",
        "iat": now, "exp": now + 3600,
    })
}
