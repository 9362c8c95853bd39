use serde_json::Value;

use super::claim_set::{Claims, wrong};
use crate::token_denied::{Reason, TokenDenied};

/// Denies a sender-constrained token (`cnf`, RFC 7800 §3.1), unless `taken_as_bearer` is set.
///
/// The binding makes a stolen token useless only if the verifier checks it. The authz server sees
/// neither the client's certificate (RFC 8705 §3) nor a DPoP proof. RFC 9449 §7.2 forbids accepting
/// a DPoP-bound token as a bearer token. The members of `cnf` do not matter, because no
/// confirmation method is checked here.
pub(crate) fn check_confirmation(
    claims: &Claims,
    taken_as_bearer: bool,
) -> Result<(), TokenDenied> {
    match claims.get("cnf") {
        None => Ok(()),
        Some(Value::Object(_)) if taken_as_bearer => Ok(()),
        Some(Value::Object(_)) => Err(TokenDenied::new(
            Reason::SenderConstrained,
            "the token is bound to a key of its sender (cnf), and a bearer token carries no proof \
             of that key; request a token that is not sender-constrained",
        )),
        Some(_) => Err(wrong("cnf", "is not an object")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check_confirmation;
    use crate::{Claims, Reason};

    #[test]
    fn sender_constrained_token_is_denied_unless_taken_as_bearer() {
        struct Case {
            name: &'static str,
            claims: Value,
            denied: Option<Reason>,
            denied_as_bearer: Option<Reason>,
        }

        let bound = Some(Reason::SenderConstrained);
        let malformed = Some(Reason::ClaimInvalid);
        for Case {
            name,
            claims,
            denied,
            denied_as_bearer,
        } in [
            Case {
                name: "no confirmation",
                claims: json!({}),
                denied: None,
                denied_as_bearer: None,
            },
            Case {
                name: "similar name",
                claims: json!({"CNF": {"jkt": "x"}}),
                denied: None,
                denied_as_bearer: None,
            },
            Case {
                name: "certificate",
                claims: json!({"cnf": {"x5t#S256": "x"}}),
                denied: bound,
                denied_as_bearer: None,
            },
            Case {
                name: "DPoP key",
                claims: json!({"cnf": {"jkt": "x"}}),
                denied: bound,
                denied_as_bearer: None,
            },
            Case {
                name: "public key",
                claims: json!({"cnf": {"jwk": {"kty": "EC"}}}),
                denied: bound,
                denied_as_bearer: None,
            },
            Case {
                name: "key id of Entra",
                claims: json!({"cnf": {"kid": "x", "xms_ksl": "sw"}}),
                denied: bound,
                denied_as_bearer: None,
            },
            Case {
                name: "key at a URL",
                claims: json!({"cnf": {"jku": "https://evil.example/keys"}}),
                denied: bound,
                denied_as_bearer: None,
            },
            Case {
                name: "unknown method",
                claims: json!({"cnf": {"unheard-of": 1}}),
                denied: bound,
                denied_as_bearer: None,
            },
            Case {
                name: "empty object",
                claims: json!({"cnf": {}}),
                denied: bound,
                denied_as_bearer: None,
            },
            Case {
                name: "null",
                claims: json!({"cnf": null}),
                denied: malformed,
                denied_as_bearer: malformed,
            },
            Case {
                name: "empty string",
                claims: json!({"cnf": ""}),
                denied: malformed,
                denied_as_bearer: malformed,
            },
            Case {
                name: "string",
                claims: json!({"cnf": "jkt"}),
                denied: malformed,
                denied_as_bearer: malformed,
            },
            Case {
                name: "false",
                claims: json!({"cnf": false}),
                denied: malformed,
                denied_as_bearer: malformed,
            },
            Case {
                name: "zero",
                claims: json!({"cnf": 0}),
                denied: malformed,
                denied_as_bearer: malformed,
            },
            Case {
                name: "empty list",
                claims: json!({"cnf": []}),
                denied: malformed,
                denied_as_bearer: malformed,
            },
            Case {
                name: "list of objects",
                claims: json!({"cnf": [{"jkt": "x"}]}),
                denied: malformed,
                denied_as_bearer: malformed,
            },
        ] {
            let parsed = Claims::parse(claims.to_string().as_bytes()).unwrap();
            let reason = |as_bearer| {
                check_confirmation(&parsed, as_bearer)
                    .err()
                    .map(|denied| denied.reason)
            };
            assert_eq!(
                (reason(false), reason(true)),
                (denied, denied_as_bearer),
                "{name}: {claims}"
            );
        }
    }
}
