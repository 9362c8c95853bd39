use std::collections::BTreeMap;

use url::form_urlencoded;

use crate::refusal::Refusal;

/// The fields of a form.
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// RFC 6749 §3.2: no parameter may be repeated.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            if parameters
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return Err(Refusal::Malformed("a parameter is repeated"));
            }
        }
        Ok(Self(parameters))
    }

    /// RFC 6749 §3.2: a parameter without a value counts as absent.
    pub(super) fn optional(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub(super) fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        self.optional(name).ok_or(Refusal::MissingParameter(name))
    }
}

#[cfg(test)]
mod tests {
    use super::Parameters;

    #[test]
    fn parameters_are_decoded_and_never_repeated() {
        let parameters = Parameters::parse(b"scope=a%2Fb+c&empty=&name=Ren%C3%A9e").unwrap();
        assert_eq!(parameters.optional("scope"), Some("a/b c"));
        assert_eq!(parameters.optional("name"), Some("Renée"));
        assert_eq!(parameters.optional("empty"), None);
        assert!(parameters.required("absent").is_err());
        assert!(Parameters::parse(b"scope=a&scope=a").is_err());
    }
}
