use serde_json::Value;

use crate::claims::{Claims, wrong};
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
    use serde_json::json;

    use super::check_confirmation;
    use crate::{Claims, Reason};

    #[test]
    fn sender_constrained_token_is_denied_unless_taken_as_bearer() {
        let bound = Some(Reason::SenderConstrained);
        let malformed = Some(Reason::ClaimInvalid);
        for (claims, denied, denied_as_bearer) in [
            (json!({}), None, None),
            (json!({"CNF": {"jkt": "x"}}), None, None),
            (json!({"cnf": {"x5t#S256": "x"}}), bound, None),
            (json!({"cnf": {"jkt": "x"}}), bound, None),
            (json!({"cnf": {"jwk": {"kty": "EC"}}}), bound, None),
            (json!({"cnf": {"kid": "x", "xms_ksl": "sw"}}), bound, None),
            (
                json!({"cnf": {"jku": "https://evil.example/keys"}}),
                bound,
                None,
            ),
            (json!({"cnf": {"unheard-of": 1}}), bound, None),
            (json!({"cnf": {}}), bound, None),
            (json!({"cnf": null}), malformed, malformed),
            (json!({"cnf": ""}), malformed, malformed),
            (json!({"cnf": "jkt"}), malformed, malformed),
            (json!({"cnf": false}), malformed, malformed),
            (json!({"cnf": 0}), malformed, malformed),
            (json!({"cnf": []}), malformed, malformed),
            (json!({"cnf": [{"jkt": "x"}]}), malformed, malformed),
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
                "{claims}"
            );
        }
    }
}
