use serde_json::Value;

use super::algorithm::Algorithm;
use super::compact::malformed;
use super::strict_json::parse_object;
use crate::token_denied::{Reason, TokenDenied};

/// The longest `kid` that is looked up. Entra's have 27 or 43 characters.
const MAX_KEY_ID: usize = 256;

/// The algorithm and the key id of a JOSE header.
///
/// `crit`, `nonce` and `typ` are checked and not kept. Members that bring a key or its URL (`jwk`,
/// `jku`, `x5u`, `x5c`: RFC 8725 §3.10) are ignored, because the sender chooses them.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: String,
}

impl Header {
    pub(crate) fn parse(bytes: &[u8], allowed: &[Algorithm]) -> Result<Self, TokenDenied> {
        let accept =
            |name: &str| Algorithm::from_name(name).filter(|algorithm| allowed.contains(algorithm));
        let (algorithm, key_id) = read_header(bytes, accept, || algorithm_not_allowed(allowed))?;
        Ok(Self { algorithm, key_id })
    }
}

/// Reads the algorithm and the key id of a header whose `alg` is one that `accept` knows.
pub(crate) fn read_header<A>(
    bytes: &[u8],
    accept: impl FnOnce(&str) -> Option<A>,
    not_accepted: impl FnOnce() -> TokenDenied,
) -> Result<(A, String), TokenDenied> {
    let members = parse_object(bytes)
        .map_err(|_| malformed("its header is not a JSON object without repetition"))?;
    if members.contains("crit") {
        return Err(TokenDenied::new(
            Reason::CriticalHeader,
            "the token requires an extension that is not supported (crit)",
        ));
    }
    let algorithm = members
        .get("alg")
        .and_then(Value::as_str)
        .and_then(accept)
        .ok_or_else(not_accepted)?;
    // Entra hashes the nonce before it signs a token for Graph, so the signature never verifies
    // here. This denial says why, unlike "bad signature".
    if members.contains("nonce") {
        return Err(graph_token());
    }
    check_type(members.get("typ"))?;
    let key_id = members
        .get("kid")
        .and_then(Value::as_str)
        .filter(|kid| (1..=MAX_KEY_ID).contains(&kid.len()));
    let key_id = key_id.ok_or_else(|| {
        TokenDenied::new(Reason::KeyIdInvalid, "the token names no signing key (kid)")
    })?;
    Ok((algorithm, key_id.to_owned()))
}

/// Checks `typ`. Entra writes `JWT`, RFC 9068 requires `at+jwt`, and some issuers write none. Any
/// other value is another kind of token (RFC 8725 §3.11).
fn check_type(typ: Option<&Value>) -> Result<(), TokenDenied> {
    let known = match typ {
        None => true,
        Some(Value::String(typ)) => ["JWT", "at+jwt", "application/at+jwt"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(typ)),
        Some(_) => false,
    };
    if known {
        Ok(())
    } else {
        Err(TokenDenied::new(
            Reason::TokenTypeUnexpected,
            "the token is not an access token (typ)",
        ))
    }
}

pub(crate) fn algorithm_not_allowed(allowed: &[Algorithm]) -> TokenDenied {
    let names: Vec<&str> = allowed.iter().map(|algorithm| algorithm.name()).collect();
    TokenDenied::new(
        Reason::AlgorithmNotAllowed,
        format!(
            "the token's algorithm (alg) is not allowed; its issuer signs with {}",
            names.join(", ")
        ),
    )
}

pub(crate) fn graph_token() -> TokenDenied {
    TokenDenied::new(
        Reason::GraphToken,
        "this is a token for Microsoft Graph; request a scope of this API \
         (api://<application id>/<scope>) instead of Graph's",
    )
}

#[cfg(test)]
mod tests {
    use super::Header;
    use crate::{Algorithm, Reason};

    #[test]
    fn algorithm_and_key_are_read_and_the_rest_is_ignored() {
        for text in [
            r#"{"alg":"RS256","kid":"k"}"#,
            r#"{"typ":"JWT","alg":"RS256","kid":"k","x5t":"t"}"#,
            concat!(
                r#"{"typ":"at+jwt","alg":"RS256","kid":"k","#,
                r#""jku":"https://evil.example","jwk":{},"x5u":"x","x5c":[]}"#
            ),
        ] {
            let header = Header::parse(text.as_bytes(), &[Algorithm::Rs256]).unwrap();
            assert_eq!(
                (header.algorithm, header.key_id.as_str()),
                (Algorithm::Rs256, "k"),
                "{text}"
            );
        }
    }

    #[test]
    fn other_header_is_denied_with_its_reason() {
        struct Case<'a> {
            name: &'static str,
            text: &'a str,
            reason: Reason,
        }

        let long = format!(r#"{{"alg":"RS256","kid":"{}"}}"#, "k".repeat(257));
        for Case { name, text, reason } in [
            Case {
                name: "alg none",
                text: r#"{"alg":"none","kid":"k"}"#,
                reason: Reason::AlgorithmNotAllowed,
            },
            Case {
                name: "HMAC",
                text: r#"{"alg":"HS256","kid":"k"}"#,
                reason: Reason::AlgorithmNotAllowed,
            },
            Case {
                name: "algorithm of another key type",
                text: r#"{"alg":"ES256","kid":"k"}"#,
                reason: Reason::AlgorithmNotAllowed,
            },
            Case {
                name: "algorithm in lower case",
                text: r#"{"alg":"rs256","kid":"k"}"#,
                reason: Reason::AlgorithmNotAllowed,
            },
            Case {
                name: "list of algorithms",
                text: r#"{"alg":["RS256"],"kid":"k"}"#,
                reason: Reason::AlgorithmNotAllowed,
            },
            Case {
                name: "no algorithm",
                text: r#"{"kid":"k"}"#,
                reason: Reason::AlgorithmNotAllowed,
            },
            Case {
                name: "repeated member",
                text: r#"{"alg":"RS256","alg":"RS256","kid":"k"}"#,
                reason: Reason::TokenMalformed,
            },
            Case {
                name: "not JSON",
                text: "not json",
                reason: Reason::TokenMalformed,
            },
            Case {
                name: "crit",
                text: r#"{"alg":"RS256","kid":"k","crit":["exp"]}"#,
                reason: Reason::CriticalHeader,
            },
            Case {
                name: "empty crit",
                text: r#"{"alg":"RS256","kid":"k","crit":[]}"#,
                reason: Reason::CriticalHeader,
            },
            Case {
                name: "nonce of Graph",
                text: r#"{"alg":"RS256","kid":"k","nonce":"n"}"#,
                reason: Reason::GraphToken,
            },
            Case {
                name: "type of a DPoP proof",
                text: r#"{"alg":"RS256","kid":"k","typ":"dpop+jwt"}"#,
                reason: Reason::TokenTypeUnexpected,
            },
            Case {
                name: "numeric type",
                text: r#"{"alg":"RS256","kid":"k","typ":1}"#,
                reason: Reason::TokenTypeUnexpected,
            },
            Case {
                name: "no kid",
                text: r#"{"alg":"RS256"}"#,
                reason: Reason::KeyIdInvalid,
            },
            Case {
                name: "empty kid",
                text: r#"{"alg":"RS256","kid":""}"#,
                reason: Reason::KeyIdInvalid,
            },
            Case {
                name: "numeric kid",
                text: r#"{"alg":"RS256","kid":7}"#,
                reason: Reason::KeyIdInvalid,
            },
            Case {
                name: "kid that is too long",
                text: &long,
                reason: Reason::KeyIdInvalid,
            },
        ] {
            let denied = Header::parse(text.as_bytes(), &[Algorithm::Rs256]).unwrap_err();
            assert_eq!(denied.reason, reason, "{name}: {text}");
        }
    }
}
