mod rsa;

use aws_lc_rs::signature::ParsedPublicKey;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::jws::{Algorithm, Curve, Family};
use rsa::rsa_key;

/// A published key, parsed once, for one algorithm.
///
/// If two algorithms share a key, an attacker can have an RS256 key verify HS256 (CVE-2015-9235).
#[derive(Clone, Debug)]
pub struct VerificationKey {
    algorithm: Algorithm,
    public: ParsedPublicKey,
    issuer: Option<String>,
    cloud_instance: Option<String>,
}

/// Why a published key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// No `kid`: no token can name it.
    #[error("it has no kid")]
    NoKeyId,
    /// Another key of the set has the same `kid`, so it is unclear which one a token means.
    #[error("another key has the same kid")]
    DuplicateKeyId,
    /// Not for signatures, by `use` or `key_ops`.
    #[error("it is not for verifying signatures")]
    NotForSignatures,
    /// A key type, curve or algorithm that the issuer may not use.
    #[error("its type or algorithm is not among those of the issuer")]
    AlgorithmNotAllowed,
    /// Its private part is published.
    #[error("its private part is published with it")]
    PrivateKeyPublished,
    /// A member is absent or malformed.
    #[error("its {0} is absent or malformed")]
    Malformed(&'static str),
    /// An RSA key that is too short, too long, or breakable.
    #[error("it is weak: {0}")]
    Weak(&'static str),
}

impl VerificationKey {
    pub(crate) fn of(algorithm: Algorithm, public: ParsedPublicKey) -> Self {
        Self {
            algorithm,
            public,
            issuer: None,
            cloud_instance: None,
        }
    }

    /// Parses a JWK (RFC 7517) for one of the `allowed` algorithms: its `alg`, or the first that
    /// fits its type.
    pub fn from_jwk(jwk: &Map<String, Value>, allowed: &[Algorithm]) -> Result<Self, InvalidKey> {
        check_use(jwk)?;
        if ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]
            .iter()
            .any(|member| jwk.contains_key(*member))
        {
            return Err(InvalidKey::PrivateKeyPublished);
        }
        let family = family(jwk)?;
        let algorithm = algorithm(jwk, family, allowed)?;
        let public = match family {
            Family::Rsa => rsa_key(&bytes(jwk, "n")?, &bytes(jwk, "e")?, algorithm)?,
            Family::Curve(curve) => point(jwk, curve, algorithm)?,
            Family::Ed25519 => on_curve(algorithm, &bytes(jwk, "x")?)?,
        };
        let issuer = text(jwk, "issuer").map(str::to_owned);
        let cloud_instance =
            text(jwk, "cloud_instance_name").filter(|name| !name.trim().is_empty());
        Ok(Self {
            algorithm,
            public,
            issuer,
            cloud_instance: cloud_instance.map(str::to_owned),
        })
    }

    /// Whether `signature` over `message` was made with this key and `algorithm`.
    #[must_use]
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        algorithm == self.algorithm && self.public.verify_sig(message, signature).is_ok()
    }

    /// The issuer that Entra binds the key to, perhaps with a `{tenantid}` placeholder.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The cloud that Entra binds the key to, such as `microsoftonline.com`.
    #[must_use]
    pub fn cloud_instance(&self) -> Option<&str> {
        self.cloud_instance.as_deref()
    }
}

fn text<'a>(jwk: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    jwk.get(member).and_then(Value::as_str)
}

fn bytes(jwk: &Map<String, Value>, member: &'static str) -> Result<Vec<u8>, InvalidKey> {
    let decoded = text(jwk, member).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    decoded
        .filter(|bytes| !bytes.is_empty())
        .ok_or(InvalidKey::Malformed(member))
}

/// Checks `use` and `key_ops` (RFC 7517 §4.2 and §4.3).
fn check_use(jwk: &Map<String, Value>) -> Result<(), InvalidKey> {
    let signs = jwk.get("use").is_none_or(|value| value == "sig");
    let verifies = match jwk.get("key_ops") {
        None => true,
        Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "verify"),
        Some(_) => false,
    };
    if signs && verifies {
        Ok(())
    } else {
        Err(InvalidKey::NotForSignatures)
    }
}

fn family(jwk: &Map<String, Value>) -> Result<Family, InvalidKey> {
    match (text(jwk, "kty"), text(jwk, "crv")) {
        (Some("RSA"), _) => Ok(Family::Rsa),
        (Some("EC"), Some("P-256")) => Ok(Family::Curve(Curve::P256)),
        (Some("EC"), Some("P-384")) => Ok(Family::Curve(Curve::P384)),
        (Some("EC"), Some("P-521")) => Ok(Family::Curve(Curve::P521)),
        (Some("OKP"), Some("Ed25519")) => Ok(Family::Ed25519),
        _ => Err(InvalidKey::AlgorithmNotAllowed),
    }
}

fn algorithm(
    jwk: &Map<String, Value>,
    family: Family,
    allowed: &[Algorithm],
) -> Result<Algorithm, InvalidKey> {
    let fits = |algorithm: &Algorithm| allowed.contains(algorithm) && algorithm.family() == family;
    let found = match jwk.get("alg") {
        Some(name) => name.as_str().and_then(Algorithm::from_name).filter(fits),
        None => allowed.iter().copied().find(fits),
    };
    found.ok_or(InvalidKey::AlgorithmNotAllowed)
}

fn point(
    jwk: &Map<String, Value>,
    curve: Curve,
    algorithm: Algorithm,
) -> Result<ParsedPublicKey, InvalidKey> {
    let x = bytes(jwk, "x")?;
    let y = bytes(jwk, "y")?;
    // RFC 7518 §6.2.1.2: coordinates have the full length of the field.
    if x.len() != curve.coordinate_length() || y.len() != curve.coordinate_length() {
        return Err(InvalidKey::Malformed("point"));
    }
    // SEC 1 §2.3.3: 4 marks an uncompressed point.
    on_curve(algorithm, &[&[4], x.as_slice(), y.as_slice()].concat())
}

fn on_curve(algorithm: Algorithm, point: &[u8]) -> Result<ParsedPublicKey, InvalidKey> {
    let parameters = algorithm
        .curve_parameters()
        .ok_or(InvalidKey::AlgorithmNotAllowed)?;
    ParsedPublicKey::new(parameters, point).map_err(|_| InvalidKey::Malformed("point"))
}

#[cfg(test)]
mod tests;
