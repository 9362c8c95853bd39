//! Project Wycheproof's JWS, JWK and crypto vectors. They test signatures only, because their
//! payloads are not claims.

use serde_json::Value;

use super::key_set::KeySet;
use crate::Algorithm;
use crate::jws::{CompactJws, Header};

const SIGNATURES: &str =
    include_str!("../../tests/vectors/wycheproof/json_web_signature_test.json");
const KEYS: &str = include_str!("../../tests/vectors/wycheproof/json_web_key_test.json");
const CRYPTO: &str = include_str!("../../tests/vectors/wycheproof/json_web_crypto_test.json");

struct Outcome {
    id: u64,
    valid: bool,
    accepted: bool,
}

/// Verifies every JWS of a file with the public keys of its group, or with the private ones if the
/// group has no public keys.
fn verify(file: &str, allowed: &[Algorithm]) -> Vec<Outcome> {
    let file: Value = serde_json::from_str(file).unwrap();
    let groups = file["testGroups"].as_array().unwrap();
    let verify_group = |group: &Value| {
        let keys = group.get("public").unwrap_or(&group["private"]);
        let keys = if keys.get("keys").is_some() {
            keys.clone()
        } else {
            serde_json::json!({ "keys": [keys] })
        };
        let keys = KeySet::parse(keys.to_string().as_bytes(), allowed).ok();
        let outcome = |test: &Value| {
            let jws = test["jws"].as_str().unwrap_or_default();
            let accepted = keys
                .as_ref()
                .is_some_and(|keys| accepts(jws, keys, allowed));
            Outcome {
                id: test["tcId"].as_u64().unwrap(),
                valid: test["result"] == "valid",
                accepted,
            }
        };
        group["tests"]
            .as_array()
            .unwrap()
            .iter()
            .map(outcome)
            .collect::<Vec<_>>()
    };
    groups.iter().flat_map(verify_group).collect()
}

fn accepts(token: &str, keys: &KeySet, allowed: &[Algorithm]) -> bool {
    let Ok(jws) = CompactJws::parse(token) else {
        return false;
    };
    let Ok(header) = jws
        .header()
        .and_then(|header| Header::parse(&header, allowed))
    else {
        return false;
    };
    keys.get(&header.key_id)
        .is_some_and(|key| key.verifies(header.algorithm, jws.signed.as_bytes(), &jws.signature))
}

fn accepted(outcomes: &[Outcome]) -> Vec<u64> {
    outcomes
        .iter()
        .filter(|outcome| outcome.accepted)
        .map(|outcome| outcome.id)
        .collect()
}

#[test]
fn rs256_alone_accepts_exactly_its_eight_valid_signatures() {
    let outcomes = verify(SIGNATURES, &[Algorithm::Rs256]);
    assert_eq!(outcomes.len(), 401);
    assert_eq!(accepted(&outcomes), [33, 259, 260, 261, 262, 263, 345, 349]);
}

#[test]
fn all_algorithms_accept_nothing_invalid_and_deny_valid_tokens_with_reason() {
    let outcomes = verify(SIGNATURES, &Algorithm::ALL);
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.valid || !outcome.accepted)
    );
    let denied: Vec<u64> = outcomes
        .iter()
        .filter(|outcome| outcome.valid && !outcome.accepted)
        .map(|outcome| outcome.id)
        .collect();
    let hmac = [1, 348, 352, 357, 358, 359, 372, 373, 376, 377];
    // The key says PS256 and the token PS384: one key, one algorithm.
    let other_algorithm = [346, 350];
    // The key's `alg` is ES521, which does not exist (RFC 7518 §3.1 calls it ES512).
    let misspelt = [347, 351];
    let mut expected = [&hmac[..], &other_algorithm, &misspelt].concat();
    expected.sort_unstable();
    assert_eq!(denied, expected);
}

#[test]
fn weak_ambiguous_and_mixed_key_sets_verify_nothing() {
    // 5 has a sound RSA key. All others that the file calls valid are HMAC.
    assert_eq!(accepted(&verify(KEYS, &[Algorithm::Rs256])), [5]);
    assert_eq!(accepted(&verify(KEYS, &Algorithm::ALL)), [5]);
}

#[test]
fn crypto_vectors_with_valid_asymmetric_signatures_are_accepted() {
    assert_eq!(accepted(&verify(CRYPTO, &[Algorithm::Rs256])), [33]);
    assert_eq!(accepted(&verify(CRYPTO, &Algorithm::ALL)), [18, 33]);
}
