use crate::compact::{MAX_TOKEN_LENGTH, too_large};
use crate::refusal::{Reason, Refusal};

/// The `Authorization` lines of a request, as they came.
#[derive(Clone, Copy, Debug)]
pub enum Authorization<'a> {
    /// No line.
    Absent,
    /// Exactly one line.
    One(&'a [u8]),
    /// Several lines.
    Several,
}

impl<'a> Authorization<'a> {
    /// Counts the lines.
    pub fn from_lines(mut lines: impl Iterator<Item = &'a [u8]>) -> Self {
        match (lines.next(), lines.next()) {
            (None, _) => Self::Absent,
            (Some(line), None) => Self::One(line),
            (Some(_), Some(_)) => Self::Several,
        }
    }
}

/// The token of `Authorization: Bearer <token>` (RFC 6750 §2.1).
///
/// A comma is refused: Envoy 1.40 joins repeated lines with one, so a list is how two tokens look
/// by the time they arrive.
pub fn bearer_token(authorization: Authorization<'_>) -> Result<&str, Refusal> {
    let line = match authorization {
        Authorization::Absent => return Err(missing()),
        Authorization::Several => return Err(ambiguous()),
        Authorization::One(line) => line,
    };
    if line.len() > "Bearer ".len() + MAX_TOKEN_LENGTH {
        return Err(too_large());
    }
    // A good line has no comma anyway, so that it is looked for only in others.
    let refused = |what| {
        if line.contains(&b',') {
            ambiguous()
        } else {
            malformed(what)
        }
    };
    let text = std::str::from_utf8(line).map_err(|_| refused("it is not text"))?;
    let (scheme, token) = text
        .split_once(' ')
        .ok_or_else(|| refused("it has no token"))?;
    // RFC 9110 §11.1: the scheme's case does not matter.
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(refused("its scheme is not Bearer"));
    }
    // RFC 6750's b64token; a second space or a tab would be read differently by different parsers.
    // Without an early end the loop works on many bytes at once: 0.1 µs instead of 1.1 µs for a
    // token of Entra's.
    let is_foreign = |byte: u8| {
        // `-`, `.`, `/` and the digits are neighbours.
        !byte.is_ascii_alphabetic()
            & !(b'-'..=b'9').contains(&byte)
            & !matches!(byte, b'_' | b'~' | b'+' | b'=')
    };
    if token.is_empty()
        || token
            .bytes()
            .fold(false, |foreign, byte| foreign | is_foreign(byte))
    {
        return Err(refused("what follows Bearer is not one token"));
    }
    Ok(token)
}

fn missing() -> Refusal {
    Refusal::new(
        Reason::TokenMissing,
        "no token came; send Authorization: Bearer <access token>",
    )
}

fn ambiguous() -> Refusal {
    Refusal::new(
        Reason::AuthorizationAmbiguous,
        "more than one Authorization value came; send exactly one",
    )
}

fn malformed(what: &str) -> Refusal {
    Refusal::new(
        Reason::AuthorizationMalformed,
        format!(
            "the Authorization line cannot be used: {what}; send Authorization: Bearer <access token>"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::{Authorization, bearer_token};
    use crate::Reason;

    #[test]
    fn one_bearer_token_is_taken_whatever_the_schemes_case() {
        for line in ["Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c"] {
            assert_eq!(
                bearer_token(Authorization::One(line.as_bytes())).unwrap(),
                "a.b.c",
                "{line}"
            );
        }
    }

    #[test]
    fn each_byte_of_b64token_passes_and_no_other() {
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
            let line = [b"Bearer a", &[byte][..], b"b"].concat();
            assert_eq!(
                bearer_token(Authorization::One(&line)).is_ok(),
                expected,
                "{byte:#x}"
            );
        }
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        let long = format!("Bearer {}", "a".repeat(super::MAX_TOKEN_LENGTH + 1));
        for (line, reason) in [
            (&b"Bearer"[..], Reason::AuthorizationMalformed),
            (b"Bearer ", Reason::AuthorizationMalformed),
            (b"", Reason::AuthorizationMalformed),
            (b"Bearer  a.b.c", Reason::AuthorizationMalformed),
            (b"Bearer\ta.b.c", Reason::AuthorizationMalformed),
            (b"Bearer a.b.c ", Reason::AuthorizationMalformed),
            (b"Bearer a.b.c d", Reason::AuthorizationMalformed),
            (b"Basic YTpi", Reason::AuthorizationMalformed),
            (b"Bearer a\xff.b.c", Reason::AuthorizationMalformed),
            (b"Bearer a.b.c\x00", Reason::AuthorizationMalformed),
            (b"Bearer a.b.c,Bearer d.e.f", Reason::AuthorizationAmbiguous),
            (b"Bearer a.b.c,d.e.f", Reason::AuthorizationAmbiguous),
            (b"Bearer,", Reason::AuthorizationAmbiguous),
            (b"Basic YTpi, Bearer a.b.c", Reason::AuthorizationAmbiguous),
            (
                b"Bearer a\xff.b.c,Bearer d.e.f",
                Reason::AuthorizationAmbiguous,
            ),
            (long.as_bytes(), Reason::TokenTooLarge),
        ] {
            let refusal = bearer_token(Authorization::One(line)).unwrap_err();
            assert_eq!(refusal.reason, reason, "{}", String::from_utf8_lossy(line));
        }
        assert_eq!(
            bearer_token(Authorization::Absent).unwrap_err().reason,
            Reason::TokenMissing
        );
        let two = Authorization::from_lines([&b"Bearer a.b.c"[..], b"Bearer d.e.f"].into_iter());
        assert_eq!(
            bearer_token(two).unwrap_err().reason,
            Reason::AuthorizationAmbiguous
        );
    }
}
