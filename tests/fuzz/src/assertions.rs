use std::sync::LazyLock;

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portcullis_assertion::{ALGORITHMS, Expected, MacKeys, Presented, Signer};
use portcullis_token::KeySet;

/// The bytes 0 to 31. Some inputs have a genuine MAC of this key.
const MAC_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Verifies an assertion with a public key and with a MAC key.
///
/// No input passes the public key, because no input has its signature. An assertion that passes the
/// MAC key names HS256, has the right audience and ends with the MAC of its content.
pub fn assertion(token: &[u8]) {
    static MAC: LazyLock<MacKeys> = LazyLock::new(|| MacKeys::parse(MAC_KEY).unwrap());
    static PUBLIC: LazyLock<KeySet> = LazyLock::new(|| {
        let signer = Signer::generate().unwrap();
        KeySet::parse(signer.key_set().as_bytes(), ALGORITHMS).unwrap()
    });
    let Ok(token) = std::str::from_utf8(token) else {
        return;
    };
    let expected = Expected {
        audience: "orders",
        method: "GET",
        path: "/orders",
        accept_unbound: true,
        now: 1_800_000_000,
    };
    let presented = || Presented::parse(token);
    let says_mac = presented().is_ok_and(|presented| presented.says_mac());
    assert!(
        presented()
            .and_then(|presented| presented.verify(&PUBLIC, expected))
            .is_err()
    );
    if let Ok(assertion) = presented().and_then(|presented| presented.verify_mac(&MAC, expected)) {
        let (content, tag) = token.rsplit_once('.').unwrap();
        let key = hmac::Key::new(HMAC_SHA256, &STANDARD.decode(MAC_KEY).unwrap());
        assert_eq!(
            URL_SAFE_NO_PAD.encode(hmac::sign(&key, content.as_bytes())),
            tag
        );
        assert!(says_mac && assertion.audience == "orders", "{token}");
    }
}

/// Parses a file of MAC keys.
///
/// A good file has one to eight different keys. The error of a bad file is not empty and is ASCII.
pub fn mac_keys(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    match MacKeys::parse(text) {
        Ok(keys) => {
            let mut ids = keys.key_ids();
            let count = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert!((1..=8).contains(&count) && ids.len() == count, "{ids:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty() && error.to_string().is_ascii()),
    }
}
