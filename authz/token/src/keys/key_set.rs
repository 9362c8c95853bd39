use std::collections::HashMap;

use serde_json::{Map, Value};

use super::jwk::{InvalidKey, VerificationKey};
use crate::jws::{Algorithm, parse_object};

/// The most keys that a set may have. Entra publishes about ten.
const MAX_KEYS: usize = 256;

/// The usable keys of a JWKS document (RFC 7517 §5), by `kid`.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: HashMap<String, VerificationKey>,
    /// The document's keys as published, for comparison with a later document.
    published: Vec<Value>,
    skipped: Vec<(String, InvalidKey)>,
}

/// Why a document cannot be used as a key set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Not a JSON object with a list `keys`.
    #[error("it is not a JSON object with a list named keys")]
    NotAKeySet,
    /// More keys than any issuer publishes.
    #[error("it has more than {MAX_KEYS} keys")]
    TooManyKeys,
    /// No key in it can verify a signature.
    #[error("none of its keys can be used: {0}")]
    NoUsableKey(String),
}

impl KeySet {
    /// The set of one key that was never published.
    pub(crate) fn of(key_id: &str, key: VerificationKey) -> Self {
        let keys = HashMap::from([(key_id.to_owned(), key)]);
        Self {
            keys,
            published: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// Parses a document. A key that cannot be used is skipped and the others count (RFC 7517 §5).
    pub fn parse(document: &[u8], allowed: &[Algorithm]) -> Result<Self, KeySetError> {
        let mut members = Map::from(parse_object(document).map_err(|_| KeySetError::NotAKeySet)?);
        let Some(Value::Array(published)) = members.remove("keys") else {
            return Err(KeySetError::NotAKeySet);
        };
        Self::of_published(published, allowed)
    }

    /// Merges several sets. An id that names different keys in two of them names none in the
    /// result.
    pub(crate) fn of_all<'a>(
        sets: impl Iterator<Item = &'a Self>,
        allowed: &[Algorithm],
    ) -> Result<Self, KeySetError> {
        let mut published: Vec<Value> = Vec::new();
        for key in sets.flat_map(|set| &set.published) {
            if !published.contains(key) {
                published.push(key.clone());
            }
        }
        Self::of_published(published, allowed)
    }

    fn of_published(published: Vec<Value>, allowed: &[Algorithm]) -> Result<Self, KeySetError> {
        if published.len() > MAX_KEYS {
            return Err(KeySetError::TooManyKeys);
        }
        let mut keys = HashMap::new();
        let mut skipped = Vec::new();
        for jwk in &published {
            match usable(jwk, &published, allowed) {
                Ok((kid, key)) => {
                    keys.insert(kid, key);
                }
                Err(error) => {
                    skipped.push((jwk["kid"].as_str().unwrap_or("(none)").to_owned(), error));
                }
            }
        }
        if keys.is_empty() {
            let reasons: Vec<String> = skipped
                .iter()
                .map(|(kid, error)| format!("{kid}: {error}"))
                .collect();
            return Err(KeySetError::NoUsableKey(reasons.join("; ")));
        }
        Ok(Self {
            keys,
            published,
            skipped,
        })
    }

    /// The key that a token names. Keys are never tried in turn, because that could keep a core
    /// busy.
    #[must_use]
    pub fn get(&self, kid: &str) -> Option<&VerificationKey> {
        self.keys.get(kid)
    }

    /// How many keys are usable.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key is usable, which is never true of a parsed set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The keys that cannot be used, by `kid`, and why.
    #[must_use]
    pub fn skipped(&self) -> &[(String, InvalidKey)] {
        &self.skipped
    }

    /// The ids of the usable keys, in order.
    #[must_use]
    pub fn key_ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.keys.keys().map(String::as_str).collect();
        ids.sort_unstable();
        ids
    }

    /// Every key as it was published, also those that cannot be used.
    pub(crate) fn published(&self) -> &[Value] {
        &self.published
    }

    pub(crate) fn same_as(&self, other: &Self) -> bool {
        self.published == other.published
    }
}

fn usable(
    jwk: &Value,
    all: &[Value],
    allowed: &[Algorithm],
) -> Result<(String, VerificationKey), InvalidKey> {
    let empty = Map::new();
    let jwk = jwk.as_object().unwrap_or(&empty);
    let kid = jwk
        .get("kid")
        .and_then(Value::as_str)
        .filter(|kid| !kid.is_empty())
        .ok_or(InvalidKey::NoKeyId)?;
    if all.iter().filter(|other| other["kid"] == kid).count() > 1 {
        return Err(InvalidKey::DuplicateKeyId);
    }
    Ok((kid.to_owned(), VerificationKey::from_jwk(jwk, allowed)?))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{KeySet, KeySetError};
    use crate::{Algorithm, InvalidKey};

    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    fn key(kid: &str) -> Value {
        json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": X, "y": Y})
    }

    fn parse(document: &Value) -> Result<KeySet, KeySetError> {
        KeySet::parse(document.to_string().as_bytes(), &[Algorithm::Es256])
    }

    #[test]
    fn unusable_key_is_skipped_and_others_count() {
        let set = parse(
            &json!({"keys": [key("a"), {"kid": "b"}, {}, 7, key("c"), key("c")], "extra": 1}),
        )
        .unwrap();
        assert_eq!(set.len(), 1);
        assert!(set.get("a").is_some() && set.get("b").is_none() && set.get("c").is_none());
        let reasons: Vec<&InvalidKey> = set.skipped().iter().map(|(_, error)| error).collect();
        let duplicate = &InvalidKey::DuplicateKeyId;
        assert_eq!(
            reasons,
            [
                &InvalidKey::AlgorithmNotAllowed,
                &InvalidKey::NoKeyId,
                &InvalidKey::NoKeyId,
                duplicate,
                duplicate
            ]
        );
    }

    #[test]
    fn document_without_a_usable_key_is_an_error() {
        struct Case {
            name: &'static str,
            document: Value,
            expected: KeySetError,
        }

        let many: Vec<Value> = (0..=super::MAX_KEYS)
            .map(|number| key(&number.to_string()))
            .collect();
        for Case {
            name,
            document,
            expected,
        } in [
            Case {
                name: "no keys",
                document: json!({}),
                expected: KeySetError::NotAKeySet,
            },
            Case {
                name: "keys that are no list",
                document: json!({"keys": {}}),
                expected: KeySetError::NotAKeySet,
            },
            Case {
                name: "list as document",
                document: json!([]),
                expected: KeySetError::NotAKeySet,
            },
            Case {
                name: "empty list of keys",
                document: json!({"keys": []}),
                expected: KeySetError::NoUsableKey(String::new()),
            },
            Case {
                name: "more keys than any issuer publishes",
                document: json!({ "keys": many }),
                expected: KeySetError::TooManyKeys,
            },
        ] {
            assert_eq!(parse(&document).unwrap_err(), expected, "{name}");
        }
        assert_eq!(
            KeySet::parse(b"<html>", &[]).unwrap_err(),
            KeySetError::NotAKeySet
        );
        let error = parse(&json!({"keys": [{"kid": "b"}]}))
            .unwrap_err()
            .to_string();
        assert!(error.contains("b: its type or algorithm"), "{error}");
    }
}
