//! Properties of the parsers that hold for all bytes.
//!
//! Each target takes bytes and panics when its property fails. `fuzz/` searches for such bytes,
//! guided by coverage. `tests/replay.rs` runs the targets on the inputs that it found.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a target fails by panicking"
)]

mod assertions;
mod check_request;
mod tokens;

use portcullis_policy::PolicySet;
use portcullis_token::{Algorithm, Authorization, KeySet, bearer_token};

pub use assertions::{assertion, mac_keys};
pub use check_request::check_request;
pub use tokens::{claims, jose_header};

/// A function that takes bytes and panics when its property fails.
pub type Target = fn(&[u8]);

/// Every target, with the name of its folder in `fuzz/corpus`.
pub const TARGETS: [(&str, Target); 8] = [
    ("authorization_line", authorization_line),
    ("jose_header", jose_header),
    ("claims", claims),
    ("key_set", key_set),
    ("policy_document", policy_document),
    ("check_request", check_request),
    ("assertion", assertion),
    ("mac_keys", mac_keys),
];

/// Parses an `Authorization` line.
///
/// The token is everything that follows the scheme, and it is one token.
pub fn authorization_line(line: &[u8]) {
    if let Ok(token) = bearer_token(Authorization::One(line)) {
        let (scheme, rest) = line.split_at(line.len() - token.len());
        assert_eq!(rest, token.as_bytes());
        assert!(scheme.eq_ignore_ascii_case(b"bearer "));
        assert!(
            !token.is_empty()
                && token
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && byte != b',')
        );
    }
}

/// Parses a JWKS document.
///
/// A set has 1 to 256 keys, each key is found by its id, and the same document gives the same keys.
pub fn key_set(document: &[u8]) {
    let first = KeySet::parse(document, &Algorithm::ALL);
    let second = KeySet::parse(document, &Algorithm::ALL);
    match (first, second) {
        (Ok(first), Ok(second)) => {
            assert_eq!(first.key_ids(), second.key_ids());
            assert!(
                (1..=256).contains(&first.len())
                    && first.key_ids().iter().all(|id| first.get(id).is_some())
            );
        }
        (Err(first), Err(second)) => assert!(first == second && !first.to_string().is_empty()),
        (first, second) => panic!("{first:?} and {second:?}"),
    }
}

/// Compiles a policy document.
///
/// Each policy error has a place. Each policy of a good document names an issuer of the document,
/// or is for anyone.
pub fn policy_document(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    match PolicySet::compile([("fuzz.yaml", text)]) {
        Ok(set) => {
            assert!(set.policies().count() > 0);
            for policy in set.policies() {
                let issuer = policy.tokens.as_ref().map(|tokens| tokens.issuer.as_str());
                assert!(
                    issuer.is_none_or(|issuer| set.issuers().any(|(name, _)| name == issuer)),
                    "{}",
                    policy.name
                );
                assert!(
                    policy.tokens.is_some() || policy.is_for_anyone(),
                    "{} admits no request",
                    policy.name
                );
            }
        }
        Err(errors) => {
            assert!(
                !errors.0.is_empty()
                    && errors
                        .lines()
                        .iter()
                        .all(|line| line.starts_with("fuzz.yaml:"))
            );
        }
    }
}
