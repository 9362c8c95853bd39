use std::collections::BTreeMap;

use http::{HeaderMap, header};
use url::form_urlencoded;

use crate::oauth_error::OAuthError;

/// The parameters of a form or a query.
#[derive(Clone, Debug)]
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Parses a form or a query. Fails on a repeated parameter (RFC 6749 §3.2).
    pub(crate) fn parse(body: &[u8]) -> Result<Self, OAuthError> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            if parameters
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return Err(OAuthError::Malformed("a parameter is repeated"));
            }
        }
        Ok(Self(parameters))
    }

    /// Parses a form in a body. Like Entra it finds no parameters in a body of another media type,
    /// such as the text/plain that pages of other sites can send.
    pub(crate) fn form(headers: &HeaderMap, body: &[u8]) -> Result<Self, OAuthError> {
        Self::parse(if is_form(headers) { body } else { &[] })
    }

    /// The value, or `None` if it is absent or empty (RFC 6749 §3.2).
    pub(crate) fn optional(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn required(&self, name: &'static str) -> Result<&str, OAuthError> {
        self.optional(name)
            .ok_or(OAuthError::MissingParameter(name))
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next());
    media_type.is_some_and(|text| {
        text.trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header};

    use super::Parameters;

    #[test]
    fn parameters_are_decoded_and_reject_repetition() {
        let parameters = Parameters::parse(b"scope=a%2Fb+c&empty=&name=Ren%C3%A9e").unwrap();
        assert_eq!(parameters.optional("scope"), Some("a/b c"));
        assert_eq!(parameters.optional("name"), Some("Renée"));
        assert_eq!(parameters.optional("empty"), None);
        assert!(parameters.required("absent").is_err());
        assert!(Parameters::parse(b"scope=a&scope=a").is_err());
    }

    #[test]
    fn form_has_parameters_only_in_its_media_type() {
        for (media_type, is_form) in [
            ("application/x-www-form-urlencoded", true),
            ("Application/X-WWW-Form-Urlencoded; charset=UTF-8", true),
            ("text/plain", false),
            ("application/json", false),
            ("", false),
        ] {
            let value = HeaderValue::from_static(media_type);
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, value)]);
            let form = Parameters::form(&headers, b"scope=a").unwrap();
            assert_eq!(form.optional("scope").is_some(), is_form, "{media_type}");
        }
        let without = Parameters::form(&HeaderMap::new(), b"scope=a").unwrap();
        assert_eq!(without.optional("scope"), None);
    }
}
