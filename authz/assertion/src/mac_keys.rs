use std::fmt;

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::DecodeError;
use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::assertion::{Assertion, Statement};
use crate::jws::{JwsBuilder, encoded_header};

/// RFC 7518 §3.2: a key of HS256 has at least the length of its tag.
const LEAST_BYTES: usize = 32;
/// A key with fewer different bytes is a placeholder. 32 random bytes have about 30 different ones.
const LEAST_DIFFERENT_BYTES: usize = 8;
/// Maximum number of keys in a file: the signing key, the next key, and the keys of the last
/// rotations.
const MOST_KEYS: usize = 8;
/// The largest key file, in bytes. Eight keys take less than one KiB.
pub const MAX_MAC_KEY_FILE: usize = 16 * 1024;
/// The message whose MAC is a key's id. It is not a JWS, so no assertion has the same MAC.
const KEY_ID_LABEL: &[u8] = b"portcullis assertion key id";
/// 128 bits keep ids apart, however many keys there are.
const KEY_ID_BYTES: usize = 16;

/// The MAC keys that the authz server shares with one upstream only.
///
/// The first one signs (HS256), each of them verifies. A holder can forge assertions, but only to
/// that upstream.
#[derive(Clone, Debug)]
pub struct MacKeys {
    signing: MacKey,
    others: Vec<MacKey>,
}

#[derive(Clone)]
struct MacKey {
    /// The key with both pads hashed (RFC 2104 §4), so that a MAC needs no set-up of the key.
    key: hmac::Key,
    id: String,
    /// The encoded header: the same for every assertion of this key.
    header: String,
}

/// Why a key file cannot be used. The message names lines and never their contents.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MacKeyError {
    /// Only empty lines and comments.
    #[error("holds no key; make one with: openssl rand -base64 32")]
    Empty,
    /// A line that is not base64.
    #[error("line {line} is not base64; write one key on each line, and comments after #")]
    NotBase64 {
        /// The line, from 1.
        line: usize,
    },
    /// Less than 256 bits.
    #[error(
        "line {line} has a key of {length} bytes; HS256 needs {LEAST_BYTES}; make one with: \
         openssl rand -base64 32"
    )]
    TooShort {
        /// The line, from 1.
        line: usize,
        /// How long its key is.
        length: usize,
    },
    /// A placeholder, such as zeros.
    #[error("line {line} has a key that is not random; make one with: openssl rand -base64 32")]
    NotRandom {
        /// The line, from 1.
        line: usize,
    },
    /// The same key twice.
    #[error("line {line} repeats a key; remove the line")]
    Repeated {
        /// The line, from 1.
        line: usize,
    },
    /// More keys than a rotation needs.
    #[error("holds more than {MOST_KEYS} keys; remove the oldest keys")]
    TooMany,
    /// Larger than any key file.
    #[error("has more than {MAX_MAC_KEY_FILE} bytes; it is not a key file")]
    TooLarge,
}

impl MacKeys {
    /// Parses a key file. Each line has one key in base64 or base64url, padded or not. `#` begins a
    /// comment. The first key signs.
    pub fn parse(text: &str) -> Result<Self, MacKeyError> {
        if text.len() > MAX_MAC_KEY_FILE {
            return Err(MacKeyError::TooLarge);
        }
        let mut keys: Vec<MacKey> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let key = MacKey::parse(line, number)?;
            if keys.iter().any(|other| other.id == key.id) {
                return Err(MacKeyError::Repeated { line: number });
            }
            if keys.len() == MOST_KEYS {
                return Err(MacKeyError::TooMany);
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let signing = keys.next().ok_or(MacKeyError::Empty)?;
        Ok(Self {
            signing,
            others: keys.collect(),
        })
    }

    fn all(&self) -> impl Iterator<Item = &MacKey> {
        std::iter::once(&self.signing).chain(&self.others)
    }

    /// The ids of all keys; the signing key's id is first. Ids reveal nothing about the keys.
    #[must_use]
    pub fn key_ids(&self) -> Vec<&str> {
        self.all().map(|key| key.id.as_str()).collect()
    }

    /// Signs an assertion; `None` if the claims cannot be encoded.
    #[must_use]
    pub fn sign(&self, assertion: &Assertion) -> Option<String> {
        assertion.with_statement(|statement, caller| self.sign_for(statement, caller))
    }

    /// Signs a statement about a caller whose members were encoded before.
    #[must_use]
    pub fn sign_for(&self, statement: &Statement<'_>, caller: [&str; 2]) -> Option<String> {
        let MacKey { key, header, .. } = &self.signing;
        let jws = JwsBuilder::new(header, &statement.payload(caller)?, LEAST_BYTES);
        let tag = hmac::sign(key, jws.signing_input());
        Some(jws.finish(tag.as_ref()))
    }

    /// Whether the key `key_id` made `tag` for `message`, compared in constant time; `None` if
    /// there is no such key.
    pub(crate) fn verifies(&self, key_id: &str, message: &[u8], tag: &[u8]) -> Option<bool> {
        let key = self.all().find(|key| key.id == key_id)?;
        Some(hmac::verify(&key.key, message, tag).is_ok())
    }
}

impl MacKey {
    fn parse(text: &str, line: usize) -> Result<Self, MacKeyError> {
        let bytes = decode(text).map_err(|_| MacKeyError::NotBase64 { line })?;
        if bytes.len() < LEAST_BYTES {
            return Err(MacKeyError::TooShort {
                line,
                length: bytes.len(),
            });
        }
        let mut different = bytes.clone();
        different.sort_unstable();
        different.dedup();
        if different.len() < LEAST_DIFFERENT_BYTES {
            return Err(MacKeyError::NotRandom { line });
        }
        let key = hmac::Key::new(HMAC_SHA256, &bytes);
        let id = key_id(&key);
        let header = encoded_header(&json!({"alg": "HS256", "typ": "JWT", "kid": id}));
        Ok(Self { key, id, header })
    }
}

/// The id of a key: a pseudorandom function, which reveals nothing about the key. A plain hash
/// would let attackers test guesses (RFC 7638 §7).
fn key_id(key: &hmac::Key) -> String {
    let tag = hmac::sign(key, KEY_ID_LABEL);
    URL_SAFE_NO_PAD.encode(tag.as_ref().get(..KEY_ID_BYTES).unwrap_or_default())
}

/// Decodes base64, which Helm and openssl write, or base64url, which JWK libraries write.
fn decode(text: &str) -> Result<Vec<u8>, DecodeError> {
    const CONFIG: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text))
}

impl fmt::Debug for MacKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MacKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
