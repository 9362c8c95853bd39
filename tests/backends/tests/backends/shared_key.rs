use std::path::{Path, PathBuf};

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis_assertion::{Assertion, MacKeys};
use serde_json::{Value, json};

use crate::signing_key::{AssertionKey, sign_hs256};

/// A MAC key, which the authz server and one backend share.
pub(crate) struct MacKey {
    pub(crate) secret: [u8; 32],
    keys: MacKeys,
}

impl MacKey {
    pub(crate) fn generate() -> Self {
        let mut secret = [0; 32];
        rand::fill(&mut secret).unwrap();
        Self {
            keys: MacKeys::parse(&STANDARD.encode(secret)).unwrap(),
            secret,
        }
    }

    pub(crate) fn key_id(&self) -> String {
        self.keys.key_ids()[0].to_owned()
    }

    /// Returns its line in a key file.
    pub(crate) fn line(&self) -> String {
        format!("{}  # made for a test\n", STANDARD.encode(self.secret))
    }
}

impl AssertionKey for MacKey {
    fn assert(&self, assertion: &Assertion) -> String {
        self.keys.sign(assertion).unwrap()
    }

    fn header(&self) -> Value {
        json!({ "alg": "HS256", "typ": "JWT", "kid": self.key_id() })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        sign_hs256(&self.secret, header, claims)
    }
}

/// Writes the key file of a backend in `folder`, by a rename.
pub(crate) fn write_key_file(folder: &Path, text: &str) -> PathBuf {
    let file = folder.join("orders");
    let next = folder.join(".orders.next");
    std::fs::write(&next, text).unwrap();
    std::fs::rename(next, &file).unwrap();
    file
}
