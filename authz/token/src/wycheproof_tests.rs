//! Project Wycheproof's JWS, JWK and crypto vectors, at the layer of the signature: their payloads
//! are not claims.

use serde_json::Value;

use crate::Algorithm;
use crate::compact::CompactJws;
use crate::header::Header;
use crate::key_set::KeySet;

const SIGNATURES: &str = include_str!("../tests/vectors/wycheproof/json_web_signature_test.json");
const KEYS: &str = include_str!("../tests/vectors/wycheproof/json_web_key_test.json");
const CRYPTO: &str = include_str!("../tests/vectors/wycheproof/json_web_crypto_test.json");

struct Verdict {
    id: u64,
    valid: bool,
    accepted: bool,
}

/// Judges every JWS of a file with the public keys of its group; where there are none, with what
/// the file calls private.
fn judge(file: &str, allowed: &[Algorithm]) -> Vec<Verdict> {
    let file: Value = serde_json::from_str(file).unwrap();
    let groups = file["testGroups"].as_array().unwrap();
    let judge_group = |group: &Value| {
        let keys = group.get("public").unwrap_or(&group["private"]);
        let keys = if keys.get("keys").is_some() {
            keys.clone()
        } else {
            serde_json::json!({ "keys": [keys] })
        };
        let keys = KeySet::parse(keys.to_string().as_bytes(), allowed).ok();
        let verdict = |test: &Value| {
            let jws = test["jws"].as_str().unwrap_or_default();
            let accepted = keys
                .as_ref()
                .is_some_and(|keys| accepts(jws, keys, allowed));
            Verdict {
                id: test["tcId"].as_u64().unwrap(),
                valid: test["result"] == "valid",
                accepted,
            }
        };
        group["tests"]
            .as_array()
            .unwrap()
            .iter()
            .map(verdict)
            .collect::<Vec<_>>()
    };
    groups.iter().flat_map(judge_group).collect()
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

fn accepted(verdicts: &[Verdict]) -> Vec<u64> {
    verdicts
        .iter()
        .filter(|verdict| verdict.accepted)
        .map(|verdict| verdict.id)
        .collect()
}

#[test]
fn with_rs256_alone_exactly_its_eight_valid_signatures_are_accepted() {
    let verdicts = judge(SIGNATURES, &[Algorithm::Rs256]);
    assert_eq!(verdicts.len(), 401);
    assert_eq!(accepted(&verdicts), [33, 259, 260, 261, 262, 263, 345, 349]);
}

#[test]
fn with_every_algorithm_nothing_invalid_is_accepted_and_each_refusal_of_something_valid_has_its_reason()
 {
    let verdicts = judge(SIGNATURES, &Algorithm::ALL);
    assert!(
        verdicts
            .iter()
            .all(|verdict| verdict.valid || !verdict.accepted)
    );
    let refused: Vec<u64> = verdicts
        .iter()
        .filter(|verdict| verdict.valid && !verdict.accepted)
        .map(|verdict| verdict.id)
        .collect();
    let hmac = [1, 348, 352, 357, 358, 359, 372, 373, 376, 377];
    // The key says PS256 and the token PS384: one key, one algorithm.
    let other_algorithm = [346, 350];
    // The key's `alg` is ES521, which does not exist (RFC 7518 §3.1 calls it ES512).
    let misspelt = [347, 351];
    let mut expected = [&hmac[..], &other_algorithm, &misspelt].concat();
    expected.sort_unstable();
    assert_eq!(refused, expected);
}

#[test]
fn weak_ambiguous_and_mixed_key_sets_verify_nothing() {
    // 5 is a sound RSA key; what else the file calls valid is HMAC.
    assert_eq!(accepted(&judge(KEYS, &[Algorithm::Rs256])), [5]);
    assert_eq!(accepted(&judge(KEYS, &Algorithm::ALL)), [5]);
}

#[test]
fn of_the_crypto_vectors_the_valid_asymmetric_signatures_are_accepted() {
    assert_eq!(accepted(&judge(CRYPTO, &[Algorithm::Rs256])), [33]);
    assert_eq!(accepted(&judge(CRYPTO, &Algorithm::ALL)), [18, 33]);
}
