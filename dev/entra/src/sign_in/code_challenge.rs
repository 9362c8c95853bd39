//! Proof Key for Code Exchange (RFC 7636).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::oauth_error::OAuthError;
use crate::parameters::Parameters;

/// The challenge that the verifier of a code must meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CodeChallenge {
    challenge: String,
    method: Method,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    S256,
    Plain,
}

impl CodeChallenge {
    /// The challenge of an authorization request, if it has one.
    pub(super) fn parse(parameters: &Parameters) -> Result<Option<Self>, OAuthError> {
        let Some(challenge) = parameters.optional("code_challenge") else {
            return Ok(None);
        };
        // RFC 7636 §4.3: plain is the default.
        let method = match parameters.optional("code_challenge_method") {
            Some("S256") => Method::S256,
            None | Some("plain") => Method::Plain,
            Some(_) => {
                return Err(OAuthError::Malformed(
                    "code_challenge_method must be S256 or plain",
                ));
            }
        };
        if !is_verifier(challenge) {
            return Err(OAuthError::Malformed(
                "code_challenge must have 43 to 128 of the characters of RFC 7636 §4.2",
            ));
        }
        Ok(Some(Self {
            challenge: challenge.to_owned(),
            method,
        }))
    }

    /// Whether the challenge was made from `verifier`.
    pub(crate) fn is_met_by(&self, verifier: &str) -> bool {
        let made = match self.method {
            Method::S256 => URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())),
            Method::Plain => verifier.to_owned(),
        };
        is_verifier(verifier)
            && verify_slices_are_equal(made.as_bytes(), self.challenge.as_bytes()).is_ok()
    }
}

/// RFC 7636 §4.1: 43 to 128 unreserved characters.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::CodeChallenge;
    use crate::parameters::Parameters;

    /// The example of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn parse(query: &str) -> Option<CodeChallenge> {
        CodeChallenge::parse(&Parameters::parse(query.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn challenge_is_met_by_its_verifier_only() {
        let s256 = parse(&format!(
            "code_challenge={CHALLENGE}&code_challenge_method=S256"
        ))
        .unwrap();
        assert!(s256.is_met_by(VERIFIER));
        for other in ["", CHALLENGE, &VERIFIER.to_lowercase(), &VERIFIER[1..]] {
            assert!(!s256.is_met_by(other), "{other}");
        }
        let plain = parse(&format!("code_challenge={VERIFIER}")).unwrap();
        assert!(plain.is_met_by(VERIFIER) && !plain.is_met_by(CHALLENGE));
        assert_eq!(parse("scope=a"), None);
    }

    #[test]
    fn challenge_rejects_other_methods_and_lengths() {
        for query in [
            format!("code_challenge={CHALLENGE}&code_challenge_method=S512"),
            "code_challenge=short".to_owned(),
            format!("code_challenge={}", "a".repeat(129)),
        ] {
            let parameters = Parameters::parse(query.as_bytes()).unwrap();
            assert!(CodeChallenge::parse(&parameters).is_err(), "{query}");
        }
    }
}
