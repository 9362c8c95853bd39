use super::AssertionContext;
use super::jwt::{Claims, Header, Jwt};
use super::numeric_date::NumericDate;
use crate::directory::{ClientCertificate, ClientType, RsaAlgorithm};
use crate::refusal::Refusal;

/// Entra's documentation asks for 5 to 10 minutes; a longer life is how a leaked assertion becomes
/// a secret.
const LONGEST_LIFE_SECONDS: i64 = 600;

/// An assertion that the application made itself ("Microsoft identity platform application
/// authentication certificate credentials").
pub(super) fn check(
    context: &AssertionContext<'_>,
    token_url: &str,
    jwt: &Jwt<'_>,
    now: i64,
) -> Result<(), Refusal> {
    let algorithm = algorithm(&jwt.header)?;
    let certificate = certificate(context, &jwt.header)?;
    if !certificate.verifies(algorithm, jwt.signed.as_bytes(), &jwt.signature) {
        return Err(Refusal::ClientAssertionSignature(
            "The key was found, and the signature is not its.",
        ));
    }
    if !certificate.is_valid_at(now) {
        return Err(Refusal::ClientAssertionSignature(
            "The key used is expired or not yet valid.",
        ));
    }
    if !jwt.claims.sub.eq_ignore_ascii_case(&jwt.claims.iss) {
        return Err(Refusal::ClientAssertionSubject);
    }
    if !jwt
        .claims
        .aud
        .single()
        .is_some_and(|audience| audience.eq_ignore_ascii_case(token_url))
    {
        return Err(Refusal::ClientAssertionAudience(token_url.to_owned()));
    }
    check_times(&jwt.claims, now)?;
    // Entra asks for jti, and takes an assertion several times: MSAL keeps one for as long as it
    // lives.
    if jwt.claims.jti.as_deref().is_none_or(str::is_empty) {
        return Err(Refusal::ClientAssertionMalformed("it has no jti"));
    }
    Ok(())
}

fn check_times(claims: &Claims, now: i64) -> Result<(), Refusal> {
    claims.check_times(now)?;
    // The life counts from the earlier of nbf and iat, or from now, so that leaving them out gains
    // nothing.
    let starts = [claims.nbf, claims.iat]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(NumericDate(now));
    if claims.exp.0.saturating_sub(starts.0) > LONGEST_LIFE_SECONDS {
        return Err(Refusal::ClientAssertionTime);
    }
    Ok(())
}

fn algorithm(header: &Header) -> Result<RsaAlgorithm, Refusal> {
    match header.alg.as_str() {
        "PS256" => Ok(RsaAlgorithm::Ps256),
        "RS256" => Ok(RsaAlgorithm::Rs256),
        _ => Err(Refusal::ClientAssertionSignature(
            "The algorithm is neither PS256 nor RS256.",
        )),
    }
}

fn certificate<'a>(
    context: &AssertionContext<'a>,
    header: &Header,
) -> Result<&'a ClientCertificate, Refusal> {
    let ClientType::Confidential(credentials) = &context.client.client_type else {
        return Err(Refusal::PublicClientWithSecret);
    };
    let (named, wanted): (fn(&ClientCertificate) -> &str, _) = match (&header.x5t_s256, &header.x5t)
    {
        (Some(thumbprint), _) => (|certificate| &certificate.x5t_s256, thumbprint),
        (None, Some(thumbprint)) => (|certificate| &certificate.x5t, thumbprint),
        (None, None) => {
            return Err(Refusal::ClientAssertionKey {
                thumbprint: String::new(),
            });
        }
    };
    // RFC 7515 §4.1.7 asks for base64url without padding. MSAL for Python and Java pad, and MSAL
    // for Go uses plain base64.
    let spelled = wanted
        .trim_end_matches('=')
        .replace('+', "-")
        .replace('/', "_");
    let found = credentials
        .certificates
        .iter()
        .find(|certificate| named(certificate) == spelled);
    found.ok_or_else(|| Refusal::ClientAssertionKey {
        thumbprint: wanted.clone(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check_times;

    /// The limits to the second; an endpoint on a running clock can only be tried far from them.
    #[test]
    fn certificate_assertion_times_at_their_limits() {
        let now = 1_800_000_000;
        for (name, nbf, iat, exp, is_accepted) in [
            ("longest life", Some(now), Some(now), now + 600, true),
            ("a second longer", Some(now), Some(now), now + 601, false),
            ("longest life without a start", None, None, now + 600, true),
            (
                "a second longer without a start",
                None,
                None,
                now + 601,
                false,
            ),
            (
                "a life counts from the earlier start",
                Some(now),
                Some(now - 1),
                now + 600,
                false,
            ),
            (
                "starts as late as clocks may differ",
                Some(now + 300),
                None,
                now + 600,
                true,
            ),
            (
                "starts a second later",
                Some(now + 301),
                None,
                now + 600,
                false,
            ),
            (
                "ended just within the clocks' difference",
                Some(now - 600),
                None,
                now - 299,
                true,
            ),
            (
                "ended a second earlier",
                Some(now - 600),
                None,
                now - 300,
                false,
            ),
        ] {
            let claims =
                json!({"iss": "a", "sub": "a", "aud": "b", "nbf": nbf, "iat": iat, "exp": exp});
            let claims = serde_json::from_value(claims).unwrap();
            assert_eq!(check_times(&claims, now).is_ok(), is_accepted, "{name}");
        }
    }
}
