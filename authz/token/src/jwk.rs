use aws_lc_rs::signature::{ParsedPublicKey, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::algorithm::{Algorithm, Curve, Family};

/// The accepted lengths of an RSA modulus, in bits. Fewer bits are weak (NIST SP 800-131A). With
/// more, one verification could keep a core busy.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

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
            Family::Rsa => rsa(jwk, algorithm)?,
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

fn rsa(jwk: &Map<String, Value>, algorithm: Algorithm) -> Result<ParsedPublicKey, InvalidKey> {
    let n = bytes(jwk, "n")?;
    let e = bytes(jwk, "e")?;
    let n = n
        .iter()
        .position(|byte| *byte != 0)
        .and_then(|first| n.get(first..))
        .unwrap_or_default();
    let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if !RSA_BITS.contains(&bits) {
        return Err(InvalidKey::Weak(
            "its modulus has less than 2048 or more than 8192 bits",
        ));
    }
    if n.last().is_none_or(|byte| byte % 2 == 0) {
        return Err(InvalidKey::Weak("its modulus is even"));
    }
    // e = 1 makes every message its own signature; an even e has no inverse.
    if e.last().is_none_or(|byte| byte % 2 == 0)
        || matches!(e.as_slice(), [1])
        || e.first() == Some(&0)
    {
        return Err(InvalidKey::Weak("its exponent is even, one, or padded"));
    }
    if is_roca(n) {
        return Err(InvalidKey::Weak(
            "its modulus comes from a broken generator (CVE-2017-15361)",
        ));
    }
    let parameters = algorithm
        .rsa_parameters()
        .ok_or(InvalidKey::AlgorithmNotAllowed)?;
    RsaPublicKeyComponents { n, e: e.as_slice() }
        .to_parsed_public_key(parameters)
        .map_err(|_| InvalidKey::Malformed("modulus"))
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

/// Whether an RSA modulus has the fingerprint of ROCA (CVE-2017-15361).
///
/// Such a modulus is a power of 65537 modulo each of the first primes ("The Return of Coppersmith's
/// Attack", Nemec et al., 2017, §4.1). A sound modulus is with a chance below 2⁻²⁷.
fn is_roca(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 38] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89,
        97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];
    PRIMES.iter().all(|&prime| {
        let residue = modulus
            .iter()
            .fold(0, |rest, &byte| (rest * 256 + u32::from(byte)) % prime);
        let generator = 65537 % prime;
        let mut power = 1;
        (0..prime).any(|_| {
            power = power * generator % prime;
            power == residue
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{InvalidKey, VerificationKey};
    use crate::Algorithm;

    /// RFC 7515 appendix A.2's key.
    const N: &str = "\
        ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1\
        Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpa\
        SHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4\
        LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

    fn parse(jwk: &Value) -> Result<VerificationKey, InvalidKey> {
        VerificationKey::from_jwk(
            jwk.as_object().unwrap(),
            &[Algorithm::Rs256, Algorithm::Es256],
        )
    }

    fn with(member: &str, value: Value) -> Value {
        let mut jwk = json!({"kty": "RSA", "kid": "k", "n": N, "e": "AQAB"});
        jwk[member] = value;
        jwk
    }

    #[test]
    fn sound_key_is_bound_to_one_algorithm() {
        for jwk in [
            with("use", json!("sig")),
            with("alg", json!("RS256")),
            with("key_ops", json!(["verify"])),
        ] {
            let key = parse(&jwk).unwrap();
            assert_eq!(
                (key.algorithm, key.issuer()),
                (Algorithm::Rs256, None),
                "{jwk}"
            );
        }
        assert_eq!(
            parse(&with("issuer", json!("i"))).unwrap().issuer(),
            Some("i")
        );
    }

    #[test]
    fn unfit_or_weak_key_is_rejected() {
        let even = format!("{}A", &N[..N.len() - 1]);
        for (member, value, expected) in [
            ("use", json!("enc"), InvalidKey::NotForSignatures),
            ("key_ops", json!(["sign"]), InvalidKey::NotForSignatures),
            ("key_ops", json!("verify"), InvalidKey::NotForSignatures),
            ("alg", json!("PS256"), InvalidKey::AlgorithmNotAllowed),
            ("alg", json!("ES256"), InvalidKey::AlgorithmNotAllowed),
            ("alg", json!("HS256"), InvalidKey::AlgorithmNotAllowed),
            ("alg", json!(null), InvalidKey::AlgorithmNotAllowed),
            ("kty", json!("oct"), InvalidKey::AlgorithmNotAllowed),
            ("kty", json!(7), InvalidKey::AlgorithmNotAllowed),
            ("d", json!("AQ"), InvalidKey::PrivateKeyPublished),
            (
                "n",
                json!("AQAB"),
                InvalidKey::Weak("its modulus has less than 2048 or more than 8192 bits"),
            ),
            ("n", json!(even), InvalidKey::Weak("its modulus is even")),
            ("n", json!(format!("{N}=")), InvalidKey::Malformed("n")),
            (
                "e",
                json!("AQ"),
                InvalidKey::Weak("its exponent is even, one, or padded"),
            ),
            (
                "e",
                json!("AAEAAQ"),
                InvalidKey::Weak("its exponent is even, one, or padded"),
            ),
            (
                "e",
                json!("Ag"),
                InvalidKey::Weak("its exponent is even, one, or padded"),
            ),
            ("e", json!(65537), InvalidKey::Malformed("e")),
        ] {
            assert_eq!(
                parse(&with(member, value.clone())).unwrap_err(),
                expected,
                "{member} {value}"
            );
        }
        assert_eq!(
            VerificationKey::from_jwk(&Map::new(), &[]).unwrap_err(),
            InvalidKey::AlgorithmNotAllowed
        );
    }

    #[test]
    fn a_point_must_be_on_its_curve_and_whole() {
        // RFC 7515 appendix A.3's key.
        let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
        let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
        let key = |x: &str, y: &str| parse(&json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}));
        assert!(key(x, y).is_ok());
        assert_eq!(key(x, x).unwrap_err(), InvalidKey::Malformed("point"));
        assert_eq!(key(x, "AQAB").unwrap_err(), InvalidKey::Malformed("point"));
    }
}
