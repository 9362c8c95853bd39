use base64_simd::URL_SAFE_NO_PAD;

use crate::token_denied::{Reason, TokenDenied};

/// The longest token that is parsed, in bytes. Entra's largest (200 groups) are about 9 KiB.
pub const MAX_TOKEN_LENGTH: usize = 16 * 1024;

const NOT_THREE: &str = "it does not have three parts";

/// A JWS in compact serialization (RFC 7515 §7.1), taken apart and decoded but not verified.
#[derive(Debug)]
pub(crate) struct CompactJws<'a> {
    /// Header and claims as they were signed.
    pub(crate) signed: &'a str,
    /// The header, still encoded.
    encoded_header: &'a str,
    /// The decoded claims.
    pub(crate) payload: Vec<u8>,
    /// The decoded signature.
    pub(crate) signature: Vec<u8>,
}

impl<'a> CompactJws<'a> {
    /// Splits `token` into exactly three parts, each canonical base64url without padding.
    ///
    /// Empty parts decode to nothing. As header or claims that is not JSON. As a signature it is
    /// that of `alg: none`, which the rules of the header deny by name.
    pub(crate) fn parse(token: &'a str) -> Result<Self, TokenDenied> {
        if token.len() > MAX_TOKEN_LENGTH {
            return Err(too_large());
        }
        // Splits at the outer dots. The longest part is not searched for dots, because decoding
        // finds them too.
        let parts = token
            .split_once('.')
            .and_then(|(header, rest)| Some((header, rest.rsplit_once('.')?)));
        let (header, (payload, signature)) = parts.ok_or_else(|| malformed(NOT_THREE))?;
        let signed = token
            .get(..header.len() + 1 + payload.len())
            .unwrap_or_default();
        Ok(Self {
            signed,
            encoded_header: header,
            payload: decode(payload, "claims part")?,
            signature: decode(signature, "signature")?,
        })
    }

    pub(crate) fn encoded_header(&self) -> &'a str {
        self.encoded_header
    }

    pub(crate) fn header(&self) -> Result<Vec<u8>, TokenDenied> {
        decode(self.encoded_header, "header")
    }
}

/// Decodes one part. The decoder rejects padding, other alphabets, white space and non-zero
/// trailing bits (RFC 4648 §3.5), so that a token has one spelling.
fn decode(part: &str, name: &str) -> Result<Vec<u8>, TokenDenied> {
    URL_SAFE_NO_PAD.decode_to_vec(part).map_err(|_| {
        if part.contains('.') {
            malformed(NOT_THREE)
        } else {
            malformed(&format!("its {name} is not base64url"))
        }
    })
}

pub(crate) fn too_large() -> TokenDenied {
    TokenDenied::new(
        Reason::TokenTooLarge,
        format!("the token is longer than {MAX_TOKEN_LENGTH} bytes"),
    )
}

pub(crate) fn malformed(what: &str) -> TokenDenied {
    TokenDenied::new(
        Reason::TokenMalformed,
        format!("the token is not a signed JWT: {what}"),
    )
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::{CompactJws, MAX_TOKEN_LENGTH, decode};
    use crate::Reason;

    #[test]
    fn token_of_three_parts_is_decoded() {
        let jws = CompactJws::parse("e30.e30.c2ln").unwrap();
        assert_eq!(
            (
                jws.signed,
                &*jws.header().unwrap(),
                &*jws.payload,
                &*jws.signature
            ),
            ("e30.e30", &b"{}"[..], &b"{}"[..], &b"sig"[..])
        );
    }

    #[test]
    fn other_spelling_is_denied() {
        for token in [
            "",
            "e30",
            "e30.e30",
            "e30.e30.c2ln.x",
            "e30.e30.k.i.t",
            "e30=.e30.c2ln",
            "e3 0.e30.c2ln",
            "e30.e30.c2l_+",
            "e31.e30.c2ln",
            "e30.e30.c2ln\n",
            "{\"payload\":\"e30\"}",
        ] {
            let denied = CompactJws::parse(token)
                .and_then(|jws| jws.header())
                .unwrap_err();
            assert_eq!(denied.reason, Reason::TokenMalformed, "{token:?}");
            let dots = token.bytes().filter(|byte| *byte == b'.').count();
            assert_eq!(
                denied.detail.contains("three parts"),
                dots != 2,
                "{token:?}: {denied}"
            );
        }
        let long = "a".repeat(MAX_TOKEN_LENGTH + 1);
        assert_eq!(
            CompactJws::parse(&long).unwrap_err().reason,
            Reason::TokenTooLarge
        );
    }

    /// Strings that end at any place within, at and behind a SIMD vector, each also with one
    /// character changed.
    fn spellings() -> impl Strategy<Value = (String, String)> {
        let text = "[A-Za-z0-9_-]{0,300}";
        (text, any::<prop::sample::Index>(), any::<char>()).prop_map(|(text, index, other)| {
            let mut spoilt: Vec<char> = text.chars().collect();
            if !spoilt.is_empty() {
                let index = index.index(spoilt.len());
                spoilt[index] = other;
            }
            (text, spoilt.into_iter().collect())
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::with_cases(20_000)
        })]

        /// The plain decoder of another library is the reference.
        #[test]
        fn decoder_agrees_with_the_plain_one((text, spoilt) in spellings()) {
            for text in [text, spoilt] {
                let plain = URL_SAFE_NO_PAD.decode(&text).ok();
                prop_assert_eq!(decode(&text, "part").ok(), plain, "{}", text);
            }
        }
    }

    /// Tries each byte at each place of a vector and behind it, for each remainder of the length.
    #[test]
    fn decoder_agrees_with_the_plain_one_for_each_byte_at_each_place() {
        for length in [38, 39, 40, 70, 71, 72] {
            for place in 0..length {
                for byte in 0..=127_u8 {
                    let mut text = vec![b'A'; length];
                    text[place] = byte;
                    let text = String::from_utf8(text).unwrap();
                    assert_eq!(
                        decode(&text, "part").ok(),
                        URL_SAFE_NO_PAD.decode(&text).ok(),
                        "{text:?}"
                    );
                }
            }
        }
    }
}
