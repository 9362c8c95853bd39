use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use url::Url;

/// Far more than any challenge of Entra's; a header line of an answer has to stay within what
/// proxies pass.
const LONGEST_CLAIMS: usize = 4096;

/// What only the user can do something about: sign in again, with a second factor, or consent.
///
/// An API can't show a sign-in page, so the challenge goes back to the browser ("Claims challenges,
/// claims requests and client capabilities"), which asks for a token with these claims and repeats
/// its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimsChallenge {
    authorization_url: Url,
    /// A claims request of OpenID Connect Core §5.5, as JSON. Absent when consent is missing, which
    /// no claim mends.
    claims: Option<String>,
}

impl ClaimsChallenge {
    /// `claims` as the token endpoint wrote them; what is not a JSON object, or longer than any
    /// header, is left out.
    pub(crate) fn new(authorization_url: Url, claims: Option<String>) -> Self {
        let is_object = |claims: &String| {
            claims.len() <= LONGEST_CLAIMS
                && serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(claims)
                    .is_ok()
        };
        Self {
            authorization_url,
            claims: claims.filter(is_object),
        }
    }

    /// The value of `WWW-Authenticate` that answers the browser's request with 401.
    #[must_use]
    pub fn www_authenticate(&self) -> HeaderValue {
        let url = &self.authorization_url;
        let text = match &self.claims {
            Some(claims) => format!(
                r#"Bearer realm="", authorization_uri="{url}", error="insufficient_claims", claims="{}""#,
                STANDARD.encode(claims)
            ),
            None => format!(
                r#"Bearer realm="", authorization_uri="{url}", error="interaction_required""#
            ),
        };
        // A URL is ASCII without quotes, and so is base64.
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("Bearer"))
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::ClaimsChallenge;

    #[test]
    fn the_header_holds_the_claims_in_base64_and_nothing_that_breaks_it() {
        let url = Url::parse("https://login.example/t%22/oauth2/v2.0/authorize").unwrap();
        let header = |claims: Option<&str>| {
            let challenge = ClaimsChallenge::new(url.clone(), claims.map(str::to_owned));
            challenge.www_authenticate().to_str().unwrap().to_owned()
        };
        let place = r#"Bearer realm="", authorization_uri="https://login.example/t%22/oauth2/v2.0/authorize""#;
        // base64 of {"access_token":{}}
        let with_claims = format!(
            r#"{place}, error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#
        );
        assert_eq!(header(Some(r#"{"access_token":{}}"#)), with_claims);
        let without = format!(r#"{place}, error="interaction_required""#);
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(5000));
        for claims in [
            None,
            Some(""),
            Some("\r\nSet-Cookie: a=b"),
            Some("[]"),
            Some(long.as_str()),
        ] {
            assert_eq!(header(claims), without, "{claims:?}");
        }
    }
}
