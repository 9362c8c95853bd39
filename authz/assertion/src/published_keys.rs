use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The public keys of assertions, ready to serve. Services poll them every few seconds, so the
/// document and its entity tag are made once.
#[derive(Clone, Debug)]
pub struct PublishedKeys {
    /// The JWKS document (RFC 7517 §5).
    pub document: Arc<str>,
    /// A hash of it (RFC 9110 §8.8.3): the same on all replicas that share a key file.
    pub entity_tag: Arc<str>,
    pub(crate) key_ids: Vec<String>,
}

impl PublishedKeys {
    pub(crate) fn new(keys: &[Value]) -> Self {
        let key_ids = keys
            .iter()
            .filter_map(|jwk| jwk["kid"].as_str().map(str::to_owned))
            .collect();
        let document = json!({ "keys": keys }).to_string();
        let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, document.as_bytes()));
        Self {
            document: document.into(),
            entity_tag: format!("\"{hash}\"").into(),
            key_ids,
        }
    }
}
