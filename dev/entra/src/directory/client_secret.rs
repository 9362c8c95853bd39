use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::Secret;

/// A secret of an application. It can have an end, as each has in Entra ID.
#[derive(Clone, Debug, schemars::JsonSchema)]
#[schemars(with = "Written")]
pub(crate) struct ClientSecret {
    value: Secret,
    /// In seconds since 1970.
    expires: Option<i64>,
}

impl ClientSecret {
    /// A secret that Microsoft Graph holds.
    pub(crate) fn new(value: Secret, expires: Option<i64>) -> Self {
        Self { value, expires }
    }

    pub(crate) fn value(&self) -> &Secret {
        &self.value
    }

    pub(crate) fn end(&self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_second(self.expires?).ok()
    }

    pub(crate) fn matches(&self, given: &str) -> bool {
        self.value.matches(given)
    }

    pub(crate) fn is_expired_at(&self, now: i64) -> bool {
        self.expires.is_some_and(|end| now >= end)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.value.is_empty()
    }
}

/// The forms of a secret in the file. The parser tells them apart itself, so that its errors say
/// what is wrong.
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the JSON Schema is made from it")]
enum Written {
    Endless(Secret),
    Expiring(Expiring),
}

/// A secret with its end.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Expiring {
    value: Secret,
    /// The time, or the day in UTC, from which the secret is expired.
    expires: String,
}

impl<'de> Deserialize<'de> for ClientSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

struct SecretVisitor;

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = ClientSecret;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a secret in quotes, or {value: .., expires: ..}")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<ClientSecret, E> {
        Ok(ClientSecret {
            value: Secret::from(value),
            expires: None,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<ClientSecret, A::Error> {
        let Expiring { value, expires } =
            Expiring::deserialize(MapAccessDeserializer::new(members))?;
        let expires = seconds(&expires).ok_or_else(|| {
            A::Error::custom(format!(
                "expires: '{expires}' is not a time such as 2027-01-31 or 2027-01-31T12:00:00Z"
            ))
        })?;
        Ok(ClientSecret {
            value,
            expires: Some(expires),
        })
    }
}

/// The seconds since 1970 of a time, or of the beginning of a day in UTC.
fn seconds(text: &str) -> Option<i64> {
    let time: jiff::Timestamp = text
        .parse()
        .or_else(|_| format!("{text}T00:00:00Z").parse())
        .ok()?;
    Some(time.as_second())
}

#[cfg(test)]
mod tests {
    use super::{ClientSecret, seconds};

    #[test]
    fn secret_has_an_end_if_the_file_gives_one() {
        struct Case {
            name: &'static str,
            yaml: &'static str,
            expires: Option<i64>,
        }

        for Case {
            name,
            yaml,
            expires,
        } in [
            Case {
                name: "string",
                yaml: "a-secret",
                expires: None,
            },
            Case {
                name: "day",
                yaml: "{value: a-secret, expires: 2020-01-01}",
                expires: Some(1_577_836_800),
            },
            Case {
                name: "time",
                yaml: "{value: a-secret, expires: '2020-01-01T00:00:01Z'}",
                expires: Some(1_577_836_801),
            },
        ] {
            let secret: ClientSecret = serde_saphyr::from_str(yaml).unwrap();
            assert!(secret.matches("a-secret"), "{name}");
            assert_eq!(secret.expires, expires, "{name}");
        }
        for yaml in [
            "{value: a, expires: soon}",
            "{value: a}",
            "{value: a, expires: 2020-01-01, x: 1}",
            "17",
        ] {
            assert!(
                serde_saphyr::from_str::<ClientSecret>(yaml).is_err(),
                "{yaml}"
            );
        }
        assert_eq!(seconds("2020-13-01"), None);
    }

    #[test]
    fn secret_expires_at_its_end() {
        let yaml = "{value: a, expires: 2020-01-01}";
        let secret: ClientSecret = serde_saphyr::from_str(yaml).unwrap();
        assert!(!secret.is_expired_at(1_577_836_799));
        assert!(secret.is_expired_at(1_577_836_800));
    }
}
