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
    struct Case {
        name: &'static str,
        member: &'static str,
        value: Value,
        expected: InvalidKey,
    }

    let even = format!("{}A", &N[..N.len() - 1]);
    for Case {
        name,
        member,
        value,
        expected,
    } in [
        Case {
            name: "for encryption",
            member: "use",
            value: json!("enc"),
            expected: InvalidKey::NotForSignatures,
        },
        Case {
            name: "for signing alone",
            member: "key_ops",
            value: json!(["sign"]),
            expected: InvalidKey::NotForSignatures,
        },
        Case {
            name: "operations that are no list",
            member: "key_ops",
            value: json!("verify"),
            expected: InvalidKey::NotForSignatures,
        },
        Case {
            name: "algorithm that is not allowed",
            member: "alg",
            value: json!("PS256"),
            expected: InvalidKey::AlgorithmNotAllowed,
        },
        Case {
            name: "algorithm of another key type",
            member: "alg",
            value: json!("ES256"),
            expected: InvalidKey::AlgorithmNotAllowed,
        },
        Case {
            name: "HMAC",
            member: "alg",
            value: json!("HS256"),
            expected: InvalidKey::AlgorithmNotAllowed,
        },
        Case {
            name: "null as algorithm",
            member: "alg",
            value: json!(null),
            expected: InvalidKey::AlgorithmNotAllowed,
        },
        Case {
            name: "symmetric key",
            member: "kty",
            value: json!("oct"),
            expected: InvalidKey::AlgorithmNotAllowed,
        },
        Case {
            name: "numeric key type",
            member: "kty",
            value: json!(7),
            expected: InvalidKey::AlgorithmNotAllowed,
        },
        Case {
            name: "private part",
            member: "d",
            value: json!("AQ"),
            expected: InvalidKey::PrivateKeyPublished,
        },
        Case {
            name: "short modulus",
            member: "n",
            value: json!("AQAB"),
            expected: InvalidKey::Weak("its modulus has less than 2048 or more than 8192 bits"),
        },
        Case {
            name: "even modulus",
            member: "n",
            value: json!(even),
            expected: InvalidKey::Weak("its modulus is even"),
        },
        Case {
            name: "padded modulus",
            member: "n",
            value: json!(format!("{N}=")),
            expected: InvalidKey::Malformed("n"),
        },
        Case {
            name: "exponent one",
            member: "e",
            value: json!("AQ"),
            expected: InvalidKey::Weak("its exponent is even, one, or padded"),
        },
        Case {
            name: "padded exponent",
            member: "e",
            value: json!("AAEAAQ"),
            expected: InvalidKey::Weak("its exponent is even, one, or padded"),
        },
        Case {
            name: "even exponent",
            member: "e",
            value: json!("Ag"),
            expected: InvalidKey::Weak("its exponent is even, one, or padded"),
        },
        Case {
            name: "numeric exponent",
            member: "e",
            value: json!(65537),
            expected: InvalidKey::Malformed("e"),
        },
    ] {
        assert_eq!(parse(&with(member, value)).unwrap_err(), expected, "{name}");
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
