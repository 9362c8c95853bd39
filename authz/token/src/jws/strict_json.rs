//! Parses JSON and rejects repeated members, because parsers disagree on which one counts (RFC 8259
//! §4).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::members::Members;

/// Initial capacity: somewhat more than the claims of a token of Entra.
const USUAL_CLAIMS: usize = 24;

/// Parses one JSON object. Repeated members at any depth and data after the object are errors.
///
/// serde_json itself rejects nesting beyond 128, a byte order mark, lone surrogates and numbers
/// beyond f64.
pub(crate) fn parse_object(bytes: &[u8]) -> Result<Members, serde_json::Error> {
    // One UTF-8 check of the whole document replaces serde_json's check of each string.
    let text = str::from_utf8(bytes).map_err(serde_json::Error::custom)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let members = deserializer.deserialize_map(Object)?;
    deserializer.end()?;
    Ok(members)
}

fn members<'de, A: MapAccess<'de>>(mut entries: A, usual: usize) -> Result<Members, A::Error> {
    let mut members = Vec::with_capacity(usual);
    while let Some(name) = entries.next_key::<String>()? {
        members.push((name, entries.next_value_seed(Strict)?));
    }
    Members::new(members).ok_or_else(|| A::Error::custom("a member occurs twice"))
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Members;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object without duplicate members")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Members, A::Error> {
        members(entries, USUAL_CLAIMS)
    }
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON without duplicate members")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Strict)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Value, A::Error> {
        members(entries, 0).map(|members| Value::Object(members.into()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    use super::parse_object;

    #[test]
    fn object_is_read_as_serde_json_reads_it() {
        let text = r#"{"a":1,"b":[true,null,-2,1.5,"é\u0041"],"c":{"d":{}}}"#;
        let expected: serde_json::Map<_, _> = serde_json::from_str(text).unwrap();
        assert_eq!(Map::from(parse_object(text.as_bytes()).unwrap()), expected);
    }

    #[test]
    fn ambiguous_json_is_rejected() {
        let deep = format!("{}{}{}", "{\"a\":".repeat(200), "1", "}".repeat(200));
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[{"b":1,"b":2}]}"#,
            r#"{"a":1} {"a":1}"#,
            r#"{"a":1}x"#,
            "\u{feff}{}",
            "[]",
            "1",
            "null",
            "",
            r#"{"a":NaN}"#,
            r#"{"a":1e400}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":01}"#,
            r"{'a':1}",
            r#"{"a":1,}"#,
            &deep,
        ] {
            assert!(parse_object(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse_object(b"{\"a\":\"\xff\"}").is_err());
        assert!(
            parse_object(b"{\0\"\0a\0\"\0:\x001\0}\0").is_err(),
            "UTF-16"
        );
    }

    /// Any JSON value, three levels deep.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_filter_map("finite", |number| serde_json::Number::from_f64(number)
                .map(Value::Number)),
            ".{0,12}".prop_map(Value::String),
        ];
        leaf.prop_recursive(3, 32, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                proptest::collection::btree_map(".{0,6}", inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::with_cases(1000)
        })]

        #[test]
        fn any_object_is_read_as_serde_json_reads_it(
            members in proptest::collection::btree_map(".{0,6}", value(), 0..6)
        ) {
            let object: Map<String, Value> = members.into_iter().collect();
            let text = serde_json::to_string(&object).unwrap();
            // The expected value goes through text too, because some numbers change when they
            // are written.
            let expected: Map<String, Value> = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(Map::from(parse_object(text.as_bytes()).unwrap()), expected);
        }

        #[test]
        fn repeated_member_is_rejected_at_any_depth(
            name in "[a-z]{1,6}", first in value(), second in value(), depth in 0_usize..4
        ) {
            let twice = format!("{{{name:?}:{first},{name:?}:{second}}}");
            let nested = (0..depth).fold(twice, |inner, level| {
                if level % 2 == 0 { format!("[{inner}]") } else { format!("{{\"x\":{inner}}}") }
            });
            let text = format!("{{\"outer\":{nested}}}");
            prop_assert!(parse_object(text.as_bytes()).is_err());
        }
    }
}
