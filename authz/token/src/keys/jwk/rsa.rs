use aws_lc_rs::signature::{ParsedPublicKey, RsaPublicKeyComponents};

use super::InvalidKey;
use crate::jws::Algorithm;

/// The accepted lengths of an RSA modulus, in bits. Fewer bits are weak (NIST SP 800-131A). With
/// more, one verification could keep a core busy.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The key with the modulus `n` and the exponent `e` (RFC 7518 §6.3.1), unless it is weak.
pub(super) fn rsa_key(
    n: &[u8],
    e: &[u8],
    algorithm: Algorithm,
) -> Result<ParsedPublicKey, InvalidKey> {
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
    if e.last().is_none_or(|byte| byte % 2 == 0) || matches!(e, [1]) || e.first() == Some(&0) {
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
    RsaPublicKeyComponents { n, e }
        .to_parsed_public_key(parameters)
        .map_err(|_| InvalidKey::Malformed("modulus"))
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
