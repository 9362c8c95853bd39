use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis_token::Reason::{AlgorithmNotAllowed, SignatureInvalid};
use serde_json::{Value, json};

use crate::attacks::case::Family;
use crate::attacks::draft::Draft;
use crate::issuer::{KEY_ID, Keys, encode, jwk, modulus, sign_as};

const NAMES: &[&str] = &[
    "none",
    "None",
    "noNE",
    "NONE",
    "nOnE",
    "none ",
    " none",
    "none\0",
    "none\n",
    "",
    " ",
    "null",
    "RS256 ",
    " RS256",
    "RS256\0",
    "RS256\n",
    "RS256,none",
    "rs256",
    "Rs256",
    "RS-256",
    "RS2560",
    "RS25",
    "ＲＳ２５６",
    "RS256\u{200b}",
    "HS256",
    "HS384",
    "HS512",
    "hs256",
    "HS1",
    "RS1",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "ES256K",
    "EdDSA",
    "Ed25519",
    "ML-DSA-44",
    "dir",
    "A256KW",
    "RSA-OAEP",
    "RSA1_5",
    "ECDH-ES",
    "PBES2-HS256+A128KW",
    "SHA256withRSA",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
];

/// Returns tokens with other `alg` values, with the good signature and without one.
pub(super) fn names(keys: &Keys) -> Family {
    let mut family = Family::new("alg: names");
    for draft in Draft::all() {
        family.bearer(draft.name, &draft.signed(&keys.good), None);
        let names = NAMES.iter().map(|name| json!(name));
        let others = [
            json!(null),
            json!(true),
            json!(0),
            json!(256),
            json!(["RS256"]),
            json!(["none"]),
            json!([]),
            json!({"alg": "RS256"}),
        ];
        for alg in names.chain(others) {
            let spoilt = draft.header("alg", alg.clone());
            family.bearer(
                format!("{} {alg}", draft.name),
                &spoilt.signed(&keys.good),
                AlgorithmNotAllowed,
            );
            family.bearer(
                format!("{} {alg} unsigned", draft.name),
                &spoilt.with_signature(b""),
                AlgorithmNotAllowed,
            );
        }
        let absent = draft.without_header("alg");
        family.bearer(
            format!("{} absent", draft.name),
            &absent.signed(&keys.good),
            AlgorithmNotAllowed,
        );
        let other_case = absent.header("Alg", "RS256");
        family.bearer(
            format!("{} Alg", draft.name),
            &other_case.signed(&keys.good),
            AlgorithmNotAllowed,
        );
    }
    family
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----",
        lines.join("\n")
    )
}

/// Returns the public key in the forms that verifiers took for an HMAC secret (CVE-2015-9235).
fn secrets(key: &KeyPair) -> Vec<(&'static str, Vec<u8>)> {
    let public: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
    let spki = public.as_ref();
    let pkcs1 = key.public_key().as_ref();
    let n = modulus(key);
    vec![
        ("PEM", pem("PUBLIC KEY", spki).into_bytes()),
        ("PKCS #1 PEM", pem("RSA PUBLIC KEY", pkcs1).into_bytes()),
        ("DER", spki.to_vec()),
        ("PKCS #1 DER", pkcs1.to_vec()),
        ("JWK", jwk(KEY_ID, key).to_string().into_bytes()),
        (
            "key set",
            json!({"keys": [jwk(KEY_ID, key)]}).to_string().into_bytes(),
        ),
        ("modulus", n.clone()),
        ("modulus in base64url", encode(n).into_bytes()),
        ("key id", KEY_ID.into()),
        ("nothing", Vec::new()),
    ]
}

/// Returns tokens with an HMAC keyed with the public key, under its own `alg` and under RS256.
pub(super) fn shared_secrets(keys: &Keys) -> Family {
    let mut family = Family::new("alg: HMAC keyed with the public key");
    let hashes = [
        ("HS256", hmac::HMAC_SHA256),
        ("HS384", hmac::HMAC_SHA384),
        ("HS512", hmac::HMAC_SHA512),
    ];
    for draft in Draft::all() {
        family.bearer(draft.name, &draft.signed(&keys.good), None);
        for (alg, hash) in hashes {
            for (form, secret) in secrets(&keys.good) {
                for ending in ["", "\n", "\r\n"] {
                    let secret = hmac::Key::new(hash, &[&secret, ending.as_bytes()].concat());
                    for (said, expected) in
                        [(alg, AlgorithmNotAllowed), ("RS256", SignatureInvalid)]
                    {
                        let token = authenticated(&draft.header("alg", said), &secret);
                        family.bearer(
                            format!("{} {alg} {form} {ending:?} as {said}", draft.name),
                            &token,
                            expected,
                        );
                    }
                }
            }
        }
    }
    family
}

fn authenticated(draft: &Draft, secret: &hmac::Key) -> String {
    let unsigned = draft.with_signature(b"");
    let tag = hmac::sign(secret, unsigned.trim_end_matches('.').as_bytes());
    format!("{unsigned}{}", encode(tag))
}

/// Returns tokens with signatures of other algorithms, and with bytes that are no signature.
///
/// Each comes under its own `alg` and under RS256.
pub(super) fn other_signatures(keys: &Keys) -> Family {
    let mut family = Family::new("alg: other signatures");
    for draft in Draft::all() {
        family.bearer(draft.name, &draft.signed(&keys.good), None);
        for alg in [
            "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "EdDSA",
        ] {
            for (said, expected) in [(alg, AlgorithmNotAllowed), ("RS256", SignatureInvalid)] {
                let token = signed_by(alg, keys, &draft.header("alg", said));
                family.bearer(format!("{} {alg} as {said}", draft.name), &token, expected);
            }
        }
        for (what, signature) in no_signatures(&keys.good) {
            let name = |alg: &str| format!("{} {what} as {alg}", draft.name);
            family.bearer(
                name("RS256"),
                &draft.with_signature(&signature),
                SignatureInvalid,
            );
            let curve: Value = "ES256".into();
            family.bearer(
                name("ES256"),
                &draft.header("alg", curve).with_signature(&signature),
                AlgorithmNotAllowed,
            );
        }
    }
    family
}

fn signed_by(alg: &str, keys: &Keys, draft: &Draft) -> String {
    let padding = match alg {
        "RS384" => &RSA_PKCS1_SHA384,
        "RS512" => &RSA_PKCS1_SHA512,
        "PS256" => &RSA_PSS_SHA256,
        "PS384" => &RSA_PSS_SHA384,
        "PS512" => &RSA_PSS_SHA512,
        _ => return signed_on_curve(alg, draft),
    };
    sign_as(
        padding,
        &keys.good,
        draft.header.to_string(),
        draft.claims.to_string(),
    )
}

fn signed_on_curve(alg: &str, draft: &Draft) -> String {
    let unsigned = draft.with_signature(b"");
    let message = unsigned.trim_end_matches('.').as_bytes();
    let signature = if alg == "EdDSA" {
        Ed25519KeyPair::generate()
            .unwrap()
            .sign(message)
            .as_ref()
            .to_vec()
    } else {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        key.sign(&SystemRandom::new(), message)
            .unwrap()
            .as_ref()
            .to_vec()
    };
    format!("{unsigned}{}", encode(signature))
}

fn no_signatures(key: &KeyPair) -> Vec<(&'static str, Vec<u8>)> {
    let mut one = vec![0; 256];
    one[255] = 1;
    vec![
        ("empty", Vec::new()),
        ("one byte", vec![0]),
        // "Psychic signatures" (CVE-2022-21449) have zero as r and s.
        ("r and s of zero", vec![0; 64]),
        ("zero", vec![0; 256]),
        ("one", one),
        ("all ones", vec![255; 256]),
        ("the modulus", modulus(key)),
        ("a longer zero", vec![0; 257]),
        ("a kilobyte", vec![7; 1024]),
    ]
}
