use super::AssertionContext;
use super::jwt::{Claims, Header, Jwt};
use super::numeric_date::NumericDate;
use crate::directory::{ClientCertificate, ClientType, RsaAlgorithm};
use crate::oauth_error::OAuthError;

/// Maximum lifetime. Entra's documentation recommends 5 to 10 minutes. A leaked assertion with a
/// longer life would serve as a secret. The second more is for MSAL for Node.js: it rounds `nbf` up,
/// takes `exp` ten minutes later, and rounds `iat` down.
const LONGEST_LIFE_SECONDS: i64 = 600 + 1;

/// Checks an assertion that the application made itself.
///
/// Rules of "Microsoft identity platform application authentication certificate credentials".
pub(super) fn check(
    context: &AssertionContext<'_>,
    token_url: &str,
    jwt: &Jwt<'_>,
    now: i64,
) -> Result<(), OAuthError> {
    let algorithm = algorithm(&jwt.header)?;
    let certificate = certificate(context, &jwt.header)?;
    if !certificate.verifies(algorithm, jwt.signed.as_bytes(), &jwt.signature) {
        return Err(OAuthError::ClientAssertionSignature(
            "The key was found, and the signature is not its.",
        ));
    }
    if !certificate.is_valid_at(now) {
        return Err(OAuthError::ClientAssertionSignature(
            "The key used is expired or not yet valid.",
        ));
    }
    if !jwt.claims.sub.eq_ignore_ascii_case(&jwt.claims.iss) {
        return Err(OAuthError::ClientAssertionSubject);
    }
    if !jwt
        .claims
        .aud
        .single()
        .is_some_and(|audience| audience.eq_ignore_ascii_case(token_url))
    {
        return Err(OAuthError::ClientAssertionAudience(token_url.to_owned()));
    }
    check_times(&jwt.claims, now)?;
    // Entra requires jti, but accepts an assertion several times: MSAL keeps one until it expires.
    if jwt.claims.jti.as_deref().is_none_or(str::is_empty) {
        return Err(OAuthError::ClientAssertionMalformed("it has no jti"));
    }
    Ok(())
}

fn check_times(claims: &Claims, now: i64) -> Result<(), OAuthError> {
    claims.check_times(now)?;
    // The lifetime counts from the earlier of nbf and iat, or from now without both. So a client
    // cannot extend it by leaving them out.
    let starts = [claims.nbf, claims.iat]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(NumericDate(now));
    if claims.exp.0.saturating_sub(starts.0) > LONGEST_LIFE_SECONDS {
        return Err(OAuthError::ClientAssertionTime);
    }
    Ok(())
}

fn algorithm(header: &Header) -> Result<RsaAlgorithm, OAuthError> {
    match header.alg.as_str() {
        "PS256" => Ok(RsaAlgorithm::Ps256),
        "RS256" => Ok(RsaAlgorithm::Rs256),
        _ => Err(OAuthError::ClientAssertionSignature(
            "The algorithm is neither PS256 nor RS256.",
        )),
    }
}

fn certificate<'a>(
    context: &AssertionContext<'a>,
    header: &Header,
) -> Result<&'a ClientCertificate, OAuthError> {
    let ClientType::Confidential(credentials) = &context.client.client_type else {
        return Err(OAuthError::PublicClientWithSecret);
    };
    let (named, wanted): (fn(&ClientCertificate) -> &str, _) = match (&header.x5t_s256, &header.x5t)
    {
        (Some(thumbprint), _) => (|certificate| &certificate.x5t_s256, thumbprint),
        (None, Some(thumbprint)) => (|certificate| &certificate.x5t, thumbprint),
        (None, None) => {
            return Err(OAuthError::ClientAssertionKey {
                thumbprint: String::new(),
            });
        }
    };
    // RFC 7515 §4.1.7 requires base64url without padding. MSAL for Python and Java pad, and MSAL
    // for Go uses plain base64.
    let spelled = wanted
        .trim_end_matches('=')
        .replace('+', "-")
        .replace('/', "_");
    let found = credentials
        .certificates
        .iter()
        .find(|certificate| named(certificate) == spelled);
    found.ok_or_else(|| OAuthError::ClientAssertionKey {
        thumbprint: wanted.clone(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check_times;

    /// Tests the limits to the second, which needs a fixed clock.
    #[test]
    fn certificate_assertion_times_are_checked_to_the_second() {
        struct Case {
            name: &'static str,
            nbf: Option<i64>,
            iat: Option<i64>,
            exp: i64,
            is_accepted: bool,
        }

        let now = 1_800_000_000;
        for Case {
            name,
            nbf,
            iat,
            exp,
            is_accepted,
        } in [
            Case {
                name: "longest life",
                nbf: Some(now),
                iat: Some(now),
                exp: now + 601,
                is_accepted: true,
            },
            Case {
                name: "a second longer",
                nbf: Some(now),
                iat: Some(now),
                exp: now + 602,
                is_accepted: false,
            },
            Case {
                name: "longest life without a start",
                nbf: None,
                iat: None,
                exp: now + 601,
                is_accepted: true,
            },
            Case {
                name: "a second longer without a start",
                nbf: None,
                iat: None,
                exp: now + 602,
                is_accepted: false,
            },
            Case {
                name: "a life counts from the earlier start",
                nbf: Some(now),
                iat: Some(now - 2),
                exp: now + 600,
                is_accepted: false,
            },
            Case {
                name: "MSAL for Node.js within a second",
                nbf: Some(now + 1),
                iat: Some(now),
                exp: now + 601,
                is_accepted: true,
            },
            Case {
                name: "starts as late as clocks may differ",
                nbf: Some(now + 300),
                iat: None,
                exp: now + 600,
                is_accepted: true,
            },
            Case {
                name: "starts a second later",
                nbf: Some(now + 301),
                iat: None,
                exp: now + 600,
                is_accepted: false,
            },
            Case {
                name: "ended just within the clocks' difference",
                nbf: Some(now - 600),
                iat: None,
                exp: now - 299,
                is_accepted: true,
            },
            Case {
                name: "ended a second earlier",
                nbf: Some(now - 600),
                iat: None,
                exp: now - 300,
                is_accepted: false,
            },
        ] {
            let claims =
                json!({"iss": "a", "sub": "a", "aud": "b", "nbf": nbf, "iat": iat, "exp": exp});
            let claims = serde_json::from_value(claims).unwrap();
            assert_eq!(check_times(&claims, now).is_ok(), is_accepted, "{name}");
        }
    }
}
