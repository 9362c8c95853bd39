use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use url::Url;

/// Maximum length of the claims, so that proxies pass the header.
///
/// Entra's challenges are far shorter.
const LONGEST_CLAIMS: usize = 4096;

/// A claims challenge: the user must sign in again, with a second factor, or consent.
///
/// An API cannot show a sign-in page, so the challenge goes back to the browser. The browser
/// requests a token with these claims and repeats its request ("Claims challenges, claims requests
/// and client capabilities").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimsChallenge {
    authorization_url: Url,
    /// A claims request of OpenID Connect Core §5.5, as JSON.
    ///
    /// It is absent if consent is missing, which no claim can replace.
    claims: Option<String>,
}

impl ClaimsChallenge {
    /// Makes a challenge of the token endpoint's `claims`.
    ///
    /// Claims that are not a JSON object, or too long for a header, are omitted.
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

    /// The value of `WWW-Authenticate` for the 401 to the browser.
    #[must_use]
    pub fn www_authenticate(&self) -> HeaderValue {
        let url = &self.authorization_url;
        let text = match &self.claims {
            Some(claims) => format!(
                "Bearer realm=\"\", authorization_uri=\"{url}\", \
                 error=\"insufficient_claims\", claims=\"{}\"",
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
    fn www_authenticate_holds_valid_claims_in_base64_and_omits_invalid_ones() {
        let url = Url::parse("https://login.example/t%22/oauth2/v2.0/authorize").unwrap();
        let header = |claims: Option<&str>| {
            let challenge = ClaimsChallenge::new(url.clone(), claims.map(str::to_owned));
            challenge.www_authenticate().to_str().unwrap().to_owned()
        };
        let place = format!(r#"Bearer realm="", authorization_uri="{url}""#);
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
