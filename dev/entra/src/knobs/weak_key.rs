//! An RSA key of 1024 bits, which validators must not accept. NIST SP 800-131A forbids it, and
//! RFC 7518 §3.3 requires 2048 bits. It is public, and cryptographic libraries do not sign with it.

use anyhow::Context;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use num_bigint::BigUint;
use serde_json::{Map, Value, json};

pub(crate) const KID: &str = "weak-1024";
const BYTES: usize = 128;
const MODULUS: &[u8] = b"\
    b1984784ccda6f3c602bf67b0f2d60ac9e5281abf9ae82d3a5ed46b530b2ea44\
    b06a0c0c4dc39dff1cbb3c8ae57ef173b297e6880719a3082be10c56eb263b81\
    af554072c86d3cb9afa09909f8fbc64b9e77c7a795a55b9e4fef81b190774a8a\
    704f42c8930f677da62b03c55e13e0485ee3786ac49957a89d23a590904de125";
const EXPONENT: &[u8] = b"\
    74b2538c77efb0d843799fe50cfc0c62614665ded39a506d32c2cf8b900c80d3\
    d1f85d22589709e2f0c637ea2d135525695d57265b4405550140481375411227\
    f4fba495fc2ef146a2ef2adf57a2c262e90fa78273791ecb5d4dbb53002b4206\
    31a40d5105452339068b84a05c497f487229b2a90f40672fae764dcee604c301";
/// The DER of `DigestInfo` before a SHA-256 digest (RFC 8017 §9.2, note 1).
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// Signs with RS256 (RSASSA-PKCS1-v1_5, RFC 8017 §8.2.1).
pub(crate) fn sign(
    header: &Map<String, Value>,
    claims: &Map<String, Value>,
) -> anyhow::Result<String> {
    let header = serde_json::to_vec(header).context("encoding a token's header")?;
    let claims = serde_json::to_vec(claims).context("encoding a token's claims")?;
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let signature = BigUint::from_bytes_be(&encoded(message.as_bytes()))
        .modpow(&number(EXPONENT)?, &number(MODULUS)?)
        .to_bytes_be();
    let mut padded = vec![0; BYTES.saturating_sub(signature.len())];
    padded.extend(signature);
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(padded)))
}

/// The published key.
pub(crate) fn to_jwk(issuer: Option<&str>) -> anyhow::Result<Value> {
    let n = URL_SAFE_NO_PAD.encode(number(MODULUS)?.to_bytes_be());
    let mut jwk = json!({"kty": "RSA", "use": "sig", "kid": KID, "n": n, "e": "AQAB"});
    if let (Some(members), Some(issuer)) = (jwk.as_object_mut(), issuer) {
        members.insert("issuer".to_owned(), issuer.into());
    }
    Ok(jwk)
}

/// The encoded message of RFC 8017 §9.2.
fn encoded(message: &[u8]) -> Vec<u8> {
    let digest = digest(&SHA256, message);
    let fill = BYTES - 3 - DIGEST_INFO.len() - digest.as_ref().len();
    let mut encoded = vec![0x00, 0x01];
    encoded.resize(2 + fill, 0xff);
    encoded.push(0x00);
    encoded.extend(DIGEST_INFO);
    encoded.extend(digest.as_ref());
    encoded
}

fn number(hexadecimal: &[u8]) -> anyhow::Result<BigUint> {
    BigUint::parse_bytes(hexadecimal, 16).context("a number of the weak key")
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rsa::PublicKeyComponents;
    use aws_lc_rs::signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::Map;

    use super::{BYTES, sign, to_jwk};

    #[test]
    fn signature_is_valid_for_the_published_key_of_1024_bits() {
        let token = sign(&Map::new(), &Map::new()).unwrap();
        let (message, signature) = token.rsplit_once('.').unwrap();
        let decode = |text| URL_SAFE_NO_PAD.decode(text).unwrap();
        let jwk = to_jwk(None).unwrap();
        let key = PublicKeyComponents {
            n: decode(jwk["n"].as_str().unwrap()),
            e: decode(jwk["e"].as_str().unwrap()),
        };
        assert_eq!(key.n.len(), BYTES);
        let algorithm = &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
        let signature = decode(signature);
        key.verify(algorithm, message.as_bytes(), &signature)
            .unwrap();
        assert!(key.verify(algorithm, b"other", &signature).is_err());
    }
}
