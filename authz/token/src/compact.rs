use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::refusal::{Reason, Refusal};

/// The longest token that is looked at, in bytes. Entra's largest (200 groups) are about 9 KiB.
pub const MAX_TOKEN_LENGTH: usize = 16 * 1024;

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
    /// Takes `token` apart: exactly three parts, each base64url without padding and in its one canonical form. Empty parts decode to
    /// nothing, which is no JSON, and no signature but that of `alg: none`, which the header's rules refuse by name.
    pub(crate) fn parse(token: &'a str) -> Result<Self, Refusal> {
        if token.len() > MAX_TOKEN_LENGTH {
            return Err(too_large());
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed("it does not have three parts"));
        };
        let signed = token.get(..header.len() + 1 + payload.len()).unwrap_or_default();
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

    pub(crate) fn header(&self) -> Result<Vec<u8>, Refusal> {
        decode(self.encoded_header, "header")
    }
}

/// The engine refuses padding, other alphabets, white space and non-zero trailing bits (RFC 4648 §3.5), so that a token has one spelling.
fn decode(part: &str, name: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed(&format!("its {name} is not base64url")))
}

pub(crate) fn too_large() -> Refusal {
    Refusal::new(Reason::TokenTooLarge, format!("the token is longer than {MAX_TOKEN_LENGTH} bytes"))
}

pub(crate) fn malformed(what: &str) -> Refusal {
    Refusal::new(Reason::TokenMalformed, format!("the token is not a signed JWT: {what}"))
}

#[cfg(test)]
mod tests {
    use super::{CompactJws, MAX_TOKEN_LENGTH};
    use crate::Reason;

    #[test]
    fn three_parts_are_taken_apart() {
        let jws = CompactJws::parse("e30.e30.c2ln").unwrap();
        assert_eq!(
            (jws.signed, &*jws.header().unwrap(), &*jws.payload, &*jws.signature),
            ("e30.e30", &b"{}"[..], &b"{}"[..], &b"sig"[..])
        );
    }

    #[test]
    fn every_other_spelling_is_refused() {
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
            let header = CompactJws::parse(token).and_then(|jws| jws.header());
            assert_eq!(header.unwrap_err().reason, Reason::TokenMalformed, "{token:?}");
        }
        let long = "a".repeat(MAX_TOKEN_LENGTH + 1);
        assert_eq!(CompactJws::parse(&long).unwrap_err().reason, Reason::TokenTooLarge);
    }
}
