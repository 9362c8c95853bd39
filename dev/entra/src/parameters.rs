use std::collections::BTreeMap;

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

#[cfg(test)]
mod tests {
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
}
