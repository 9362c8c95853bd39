use serde_json::{Map, Value};

use super::guid::is_guid;
use crate::jws::{Members, malformed, parse_object};
use crate::token_denied::{Reason, TokenDenied};

/// The longest list that is read. No issuer gives a caller more roles or scopes, and each rule
/// walks the list.
const MAX_LIST: usize = 1024;
/// The end of the year 9999. Larger numbers are mistakes (milliseconds) or attempts at overflow.
const LATEST_TIME: u64 = 253_402_300_799;

/// The claims of a token, read strictly: a claim is absent or of its type, never converted. `roles:
/// "Admin"` is not a list of roles.
#[derive(Clone, Debug, Default)]
pub struct Claims(Members);

impl From<Map<String, Value>> for Claims {
    fn from(members: Map<String, Value>) -> Self {
        Self(members.into())
    }
}

impl Claims {
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, TokenDenied> {
        let members = parse_object(payload)
            .map_err(|_| malformed("its claims are not a JSON object without repetition"))?;
        Ok(Self(members))
    }

    /// Whether the claim is present, with a value of any type.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// The value of a claim, of any type.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A string; `None` if the claim is absent.
    pub fn optional_text(&self, name: &str) -> Result<Option<&str>, TokenDenied> {
        as_text(self.0.get(name), name)
    }

    /// A string at a path such as `profile.name`; `None` if it is absent.
    pub(crate) fn text_at(&self, path: &str) -> Result<Option<&str>, TokenDenied> {
        as_text(self.at(path), path)
    }

    /// A list of strings at a path; empty if it is absent.
    pub(crate) fn list_at(&self, path: &str) -> Result<Vec<String>, TokenDenied> {
        as_list(self.at(path), path)
    }

    /// A list at a path, written as one string with spaces or as a list; empty if it is absent.
    pub(crate) fn words_or_list_at(&self, path: &str) -> Result<Vec<String>, TokenDenied> {
        match self.at(path) {
            Some(Value::String(text)) => as_words(text, path),
            value => as_list(value, path),
        }
    }

    /// The value at a path. A claim whose name is the whole path wins, because Auth0's claims are
    /// URLs with dots.
    pub(crate) fn at(&self, path: &str) -> Option<&Value> {
        self.0.get(path).or_else(|| {
            let (first, rest) = path.split_once('.')?;
            rest.split('.')
                .try_fold(self.0.get(first)?, |value, member| value.get(member))
        })
    }

    /// A string that must be present and not empty.
    pub fn text(&self, name: &str) -> Result<&str, TokenDenied> {
        self.optional_text(name)?
            .filter(|text| !text.is_empty())
            .ok_or_else(|| wrong(name, "is absent"))
    }

    /// A GUID that must be present, in lower case with hyphens as Entra writes it.
    pub fn guid(&self, name: &str) -> Result<&str, TokenDenied> {
        let text = self.text(name)?;
        if is_guid(text) {
            Ok(text)
        } else {
            Err(wrong(name, "is not a GUID"))
        }
    }

    /// A list of strings; empty if the claim is absent.
    pub fn list(&self, name: &str) -> Result<Vec<String>, TokenDenied> {
        as_list(self.0.get(name), name)
    }

    /// A list written as one string with spaces (RFC 8693 §4.2); empty if the claim is absent.
    pub fn words(&self, name: &str) -> Result<Vec<String>, TokenDenied> {
        as_words(self.optional_text(name)?.unwrap_or_default(), name)
    }

    /// Seconds since 1970 (RFC 7519 §2, NumericDate), whole and not negative.
    pub fn optional_time(&self, name: &str) -> Result<Option<u64>, TokenDenied> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        let seconds = value.as_u64().filter(|seconds| *seconds <= LATEST_TIME);
        seconds
            .map(Some)
            .ok_or_else(|| wrong(name, "is not a time in seconds since 1970"))
    }

    /// A time that must be present, in seconds since 1970.
    pub fn time(&self, name: &str) -> Result<u64, TokenDenied> {
        self.optional_time(name)?
            .ok_or_else(|| wrong(name, "is absent"))
    }
}

fn as_text<'a>(value: Option<&'a Value>, name: &str) -> Result<Option<&'a str>, TokenDenied> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong(name, "is not a string")),
    }
}

fn as_list(value: Option<&Value>, name: &str) -> Result<Vec<String>, TokenDenied> {
    let items = match value {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) if items.len() <= MAX_LIST => items,
        Some(Value::Array(_)) => return Err(wrong(name, "is longer than any issuer makes it")),
        Some(_) => return Err(wrong(name, "is not a list")),
    };
    let strings: Option<Vec<String>> = items
        .iter()
        .map(|item| item.as_str().map(str::to_owned))
        .collect();
    strings.ok_or_else(|| wrong(name, "has an item that is not a string"))
}

fn as_words(text: &str, name: &str) -> Result<Vec<String>, TokenDenied> {
    let words: Vec<String> = text
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    if words.len() <= MAX_LIST {
        Ok(words)
    } else {
        Err(wrong(name, "is longer than any issuer makes it"))
    }
}

pub(crate) fn wrong(name: &str, what: &str) -> TokenDenied {
    TokenDenied::new(
        Reason::ClaimInvalid,
        format!("the token's claim {name} {what}"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Claims;
    use crate::Reason;

    fn claims(value: &serde_json::Value) -> Claims {
        Claims::parse(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn claims_are_absent_or_of_their_type() {
        let good = claims(&json!({"t": "x", "l": ["a", "b"], "w": "a  b", "n": 1}));
        assert_eq!(
            (good.text("t").unwrap(), good.optional_text("none").unwrap()),
            ("x", None)
        );
        assert_eq!(
            (good.list("l").unwrap(), good.list("none").unwrap()),
            (vec!["a".into(), "b".into()], vec![])
        );
        assert_eq!(good.words("w").unwrap(), ["a", "b"]);
        assert_eq!(
            (good.time("n").unwrap(), good.optional_time("none").unwrap()),
            (1, None)
        );
    }

    #[test]
    fn claims_of_other_types_are_never_converted() {
        for value in [json!(null), json!(1), json!(true), json!({}), json!(["a"])] {
            assert!(claims(&json!({ "c": value })).text("c").is_err(), "{value}");
        }
        for value in [
            json!(null),
            json!("Admin"),
            json!(1),
            json!([["Admin"]]),
            json!([1]),
            json!(vec!["a"; 1025]),
        ] {
            assert!(claims(&json!({ "c": value })).list("c").is_err(), "{value}");
        }
        for value in [
            json!(null),
            json!("1"),
            json!(-1),
            json!(1.5),
            json!(1.0),
            json!(u64::MAX),
            json!(1_700_000_000_000_u64),
        ] {
            assert_eq!(
                claims(&json!({ "c": value })).time("c").unwrap_err().reason,
                Reason::ClaimInvalid,
                "{value}"
            );
        }
        assert!(
            claims(&json!({})).time("c").is_err() && claims(&json!({"c": ""})).text("c").is_err()
        );
    }

    #[test]
    fn claims_reject_empty_payload() {
        assert_eq!(
            Claims::parse(b"").unwrap_err().reason,
            Reason::TokenMalformed
        );
    }
}
