//! Tests attacks that use the key of one algorithm for another (CVE-2015-9235, RFC 8725 §2.1).

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portcullis_token::{KeySet, Reason};
use serde_json::{Value, json};

use super::tests::{MAC_KEY, assertion, expected, public_keys};
use super::{AssertionDenied, Presented};
use crate::{MacKeys, Signer};

const OTHER_MAC_KEY: &str = "HxwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEAICE=";

/// The reasons for which both kinds of verification deny `token`.
fn reasons(token: &str, public: &KeySet, mac: &MacKeys) -> [Reason; 2] {
    let reason = |denied: AssertionDenied| match denied {
        AssertionDenied::NotGenuine(denied) => denied.reason,
        other => panic!("{other:?}: {token}"),
    };
    let presented = || Presented::parse(token);
    [
        presented().and_then(|presented| presented.verify(public, expected())),
        presented().and_then(|presented| presented.verify_mac(mac, expected())),
    ]
    .map(|result| reason(result.unwrap_err()))
}

fn signer() -> (Signer, EcdsaKeyPair) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let pem = pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref());
    (Signer::from_pem(pem.as_bytes()).unwrap(), pair)
}

fn pem(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        STANDARD.encode(der)
    )
}

/// Forges a JWS with the claims of `good`, another header and a tag by `secret`.
fn hs256(good: &str, header: &Value, secret: &[u8]) -> String {
    let claims = good.split('.').nth(1).unwrap();
    let content = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header.to_string()));
    let tag = hmac::sign(&hmac::Key::new(HMAC_SHA256, secret), content.as_bytes());
    format!("{content}.{}", URL_SAFE_NO_PAD.encode(tag))
}

#[test]
fn public_key_is_never_the_secret_of_a_mac() {
    let (signer, pair) = signer();
    let public = public_keys(&signer);
    let mac = MacKeys::parse(MAC_KEY).unwrap();
    let good = signer.sign(&assertion()).unwrap();
    let document = signer.key_set();
    let jwk = serde_json::from_str::<Value>(&document).unwrap()["keys"][0].to_string();
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let spki = pem("PUBLIC KEY", der.as_ref());
    let public_id = signer.key_ids()[0];
    let mac_id = mac.key_ids()[0].to_owned();
    for secret in [
        document.as_bytes(),
        jwk.as_bytes(),
        der.as_ref(),
        spki.as_bytes(),
        spki.trim_end().as_bytes(),
        pair.public_key().as_ref(),
        b"",
        public_id.as_bytes(),
        mac_id.as_bytes(),
        MAC_KEY.as_bytes(),
    ] {
        for kid in [public_id, &mac_id] {
            let forged = hs256(
                &good,
                &json!({"alg": "HS256", "typ": "JWT", "kid": kid}),
                secret,
            );
            let of_mac = if kid == mac_id {
                Reason::SignatureInvalid
            } else {
                Reason::KeyUnknown
            };
            assert_eq!(
                reasons(&forged, &public, &mac),
                [Reason::AlgorithmNotAllowed, of_mac],
                "{kid}"
            );
        }
    }
}

#[test]
fn mac_is_never_a_signature_and_a_signature_never_a_mac() {
    struct Case {
        name: &'static str,
        token: String,
        expected: [Option<Reason>; 2],
    }

    let (signer, _) = signer();
    let public = public_keys(&signer);
    let mac = MacKeys::parse(MAC_KEY).unwrap();
    let by_signature = signer.sign(&assertion()).unwrap();
    let by_mac = mac.sign(&assertion()).unwrap();
    let secret = STANDARD.decode(MAC_KEY).unwrap();
    let not_allowed = Reason::AlgorithmNotAllowed;
    let es256 = |kid: &str| {
        hs256(
            &by_signature,
            &json!({"alg": "ES256", "typ": "JWT", "kid": kid}),
            &secret,
        )
    };
    for Case {
        name,
        token,
        expected,
    } in [
        Case {
            name: "a good signature",
            token: by_signature.clone(),
            expected: [None, Some(not_allowed)],
        },
        Case {
            name: "a good MAC",
            token: by_mac.clone(),
            expected: [Some(not_allowed), None],
        },
        Case {
            name: "ES256 with a MAC",
            token: es256(signer.key_ids()[0]),
            expected: [Some(Reason::SignatureInvalid), Some(not_allowed)],
        },
        Case {
            name: "ES256 with a MAC and its kid",
            token: es256(mac.key_ids()[0]),
            expected: [Some(Reason::KeyUnknown), Some(not_allowed)],
        },
    ] {
        let presented = || Presented::parse(&token).unwrap();
        let results = [
            presented().verify(&public, super::tests::expected()),
            presented().verify_mac(&mac, super::tests::expected()),
        ];
        let reasons = results.map(|result| match result {
            Ok(_) => None,
            Err(AssertionDenied::NotGenuine(denied)) => Some(denied.reason),
            Err(other) => panic!("{name}: {other:?}"),
        });
        assert_eq!(reasons, expected, "{name}");
    }
}

#[test]
fn no_other_algorithm_is_taken_for_a_mac() {
    struct Case {
        name: &'static str,
        header: Value,
        reason: Reason,
    }

    let (signer, _) = signer();
    let public = public_keys(&signer);
    let mac = MacKeys::parse(MAC_KEY).unwrap();
    let good = mac.sign(&assertion()).unwrap();
    let secret = STANDARD.decode(MAC_KEY).unwrap();
    let kid = mac.key_ids()[0];
    for alg in [
        json!("none"),
        json!("None"),
        json!(""),
        json!("hs256"),
        json!("HS384"),
        json!("HS512"),
        json!("HS1"),
        json!("RS256"),
        json!(["HS256"]),
        json!(null),
    ] {
        let forged = hs256(
            &good,
            &json!({"alg": alg, "typ": "JWT", "kid": kid}),
            &secret,
        );
        assert_eq!(
            reasons(&forged, &public, &mac),
            [Reason::AlgorithmNotAllowed; 2],
            "{alg}"
        );
    }
    for Case {
        name,
        header,
        reason,
    } in [
        Case {
            name: "crit",
            header: json!({"alg": "HS256", "kid": kid, "crit": ["exp"]}),
            reason: Reason::CriticalHeader,
        },
        Case {
            name: "no kid",
            header: json!({"alg": "HS256"}),
            reason: Reason::KeyIdInvalid,
        },
        Case {
            name: "another type",
            header: json!({"alg": "HS256", "kid": kid, "typ": "dpop+jwt"}),
            reason: Reason::TokenTypeUnexpected,
        },
    ] {
        assert_eq!(
            reasons(&hs256(&good, &header, &secret), &public, &mac),
            [reason; 2],
            "{name}"
        );
    }
}

#[test]
fn mac_key_of_another_upstream_is_denied() {
    let [own, other] = [MAC_KEY, OTHER_MAC_KEY].map(|key| MacKeys::parse(key).unwrap());
    let forged = other.sign(&assertion()).unwrap();
    let denied = Presented::parse(&forged)
        .unwrap()
        .verify_mac(&own, expected())
        .unwrap_err();
    assert!(denied.names_unknown_key(), "{denied}");
    let secret = STANDARD.decode(OTHER_MAC_KEY).unwrap();
    let by_own_name = hs256(
        &forged,
        &json!({"alg": "HS256", "typ": "JWT", "kid": own.key_ids()[0]}),
        &secret,
    );
    let denied = Presented::parse(&by_own_name)
        .unwrap()
        .verify_mac(&own, expected())
        .unwrap_err();
    assert!(matches!(denied, AssertionDenied::NotGenuine(denied)
            if denied.reason == Reason::SignatureInvalid));
}

#[test]
fn altered_or_cut_tag_is_denied() {
    let mac = MacKeys::parse(MAC_KEY).unwrap();
    let good = mac.sign(&assertion()).unwrap();
    let (content, tag) = good.rsplit_once('.').unwrap();
    let tag = URL_SAFE_NO_PAD.decode(tag).unwrap();
    let mut spoilt: Vec<Vec<u8>> = (0..tag.len())
        .map(|length| tag[..length].to_vec())
        .collect();
    spoilt.push([tag.as_slice(), &[0]].concat());
    for bit in 0..tag.len() * 8 {
        let mut tag = tag.clone();
        tag[bit / 8] ^= 1 << (bit % 8);
        spoilt.push(tag);
    }
    for tag in spoilt {
        let forged = format!("{content}.{}", URL_SAFE_NO_PAD.encode(&tag));
        let denied =
            Presented::parse(&forged).and_then(|presented| presented.verify_mac(&mac, expected()));
        assert_eq!(
            denied.unwrap_err().code(),
            "assertion_not_genuine",
            "{tag:02x?}"
        );
    }
}
