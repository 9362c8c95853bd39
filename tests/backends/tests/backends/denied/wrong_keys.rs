//! Assertions under another key, another kind of key, or none.

use serde_json::{Value, json};

use super::{DeniedCase, NOT_GENUINE, case_of};
use crate::authz::assertion;
use crate::shared_key::MacKey;
use crate::signing_key::{AssertionKey, PublicKeyPair, content, sign_hs256};

pub(super) fn wrong_public_keys(key: &PublicKeyPair) -> Vec<DeniedCase> {
    let stranger = PublicKeyPair::generate();
    let claims = key.claims(&assertion());
    let with = |members: Value| {
        let mut header = key.header();
        header
            .as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        header
    };
    let mut cases = vec![
        case_of("an unknown key", NOT_GENUINE, stranger.assert(&assertion())),
        case_of(
            "another key with the authz server's key id",
            NOT_GENUINE,
            stranger.sign(&key.header(), &claims),
        ),
        case_of(
            "a key in the header",
            NOT_GENUINE,
            stranger.sign(&with(json!({"jwk": stranger.jwk()})), &claims),
        ),
        case_of(
            "no key id",
            NOT_GENUINE,
            stranger.sign(&json!({"alg": "ES256"}), &claims),
        ),
        case_of(
            "a published key of another algorithm",
            NOT_GENUINE,
            key.sign_es384(&claims),
        ),
        case_of(
            "ES384 in the header",
            NOT_GENUINE,
            key.sign(&with(json!({"alg": "ES384"})), &claims),
        ),
    ];
    for alg in ["none", "None", "NONE", ""] {
        let unsigned = content(&with(json!({"alg": alg})), &claims) + ".";
        cases.push(case_of(format!("alg {alg:?}"), NOT_GENUINE, unsigned));
    }
    for (number, secret) in key.as_hmac_secrets().iter().enumerate() {
        let forged = sign_hs256(secret, &with(json!({"alg": "HS256"})), &claims);
        cases.push(case_of(
            format!("HS256 with the public key, spelling {number}"),
            NOT_GENUINE,
            forged,
        ));
    }
    cases
}

/// Returns assertions that try to pass one kind of key off as the other.
pub(crate) fn wrong_mac_keys(key: &MacKey, public: &PublicKeyPair) -> Vec<DeniedCase> {
    let stranger = MacKey::generate();
    let claims = key.claims(&assertion());
    let with = |alg: Value, kid: &str| json!({ "alg": alg, "typ": "JWT", "kid": kid });
    let own = key.key_id();
    let public_id = public.jwk()["kid"].as_str().unwrap().to_owned();
    let mut cases = vec![
        case_of(
            "another upstream's key",
            NOT_GENUINE,
            stranger.assert(&assertion()),
        ),
        case_of(
            "another upstream's key with the own key id",
            NOT_GENUINE,
            stranger.sign(&key.header(), &claims),
        ),
        case_of(
            "no key id",
            NOT_GENUINE,
            key.sign(&json!({"alg": "HS256"}), &claims),
        ),
        case_of(
            "a MAC that says ES256",
            NOT_GENUINE,
            key.sign(&with(json!("ES256"), &own), &claims),
        ),
        case_of(
            "a MAC with the public key's key id",
            NOT_GENUINE,
            key.sign(&with(json!("ES256"), &public_id), &claims),
        ),
        case_of(
            "a signature that says HS256",
            NOT_GENUINE,
            public.sign(&key.header(), &claims),
        ),
        case_of(
            "an empty secret",
            NOT_GENUINE,
            sign_hs256(b"", &key.header(), &claims),
        ),
        case_of(
            "the key id as the secret",
            NOT_GENUINE,
            sign_hs256(own.as_bytes(), &key.header(), &claims),
        ),
    ];
    for alg in [
        json!("none"),
        json!("None"),
        json!(""),
        json!("HS384"),
        json!("HS512"),
        json!("RS256"),
        json!(null),
    ] {
        let case = format!("alg {alg}");
        cases.push(case_of(
            case.clone(),
            NOT_GENUINE,
            key.sign(&with(alg.clone(), &own), &claims),
        ));
        cases.push(case_of(
            case,
            NOT_GENUINE,
            content(&with(alg, &own), &claims) + ".",
        ));
    }
    for (number, secret) in public.as_hmac_secrets().iter().enumerate() {
        for kid in [&own, &public_id] {
            let forged = sign_hs256(secret, &with(json!("HS256"), kid), &claims);
            cases.push(case_of(
                format!("HS256 with the public key, spelling {number}, {kid}"),
                NOT_GENUINE,
                forged,
            ));
        }
    }
    cases
}
