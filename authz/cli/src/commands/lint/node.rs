//! Reads values of Envoy's configuration as Envoy does, without knowing what fields mean.

use serde_json::Value;

/// Maximum characters of a string that a finding shows.
const MAX_SHOWN: usize = 120;
const TYPED_STRUCTS: [&str; 2] = ["xds.type.v3.TypedStruct", "udpa.type.v1.TypedStruct"];

/// A value or its absence. Both have the same methods.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a>(Option<&'a Value>);

impl<'a> Node<'a> {
    pub(super) const ABSENT: Self = Self(None);

    pub(super) fn new(value: &'a Value) -> Self {
        Self(Some(value).filter(|value| !value.is_null()))
    }

    /// The field with this name, in either spelling. Envoy also accepts the JSON spelling
    /// (`normalizePath`).
    pub(super) fn get(self, field: &str) -> Self {
        let Some(value) = self.0 else {
            return Self::ABSENT;
        };
        value
            .get(field)
            .or_else(|| value.get(camel_case(field)))
            .map_or(Self::ABSENT, Self::new)
    }

    /// The value of a map for `key`. A key is data, so it has only one spelling.
    pub(super) fn entry(self, key: &str) -> Self {
        self.0
            .and_then(|value| value.get(key))
            .map_or(Self::ABSENT, Self::new)
    }

    /// The keys and values of a map.
    pub(super) fn entries(self) -> impl Iterator<Item = (&'a str, Self)> {
        let members = self.0.and_then(Value::as_object);
        members
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.as_str(), Self::new(value)))
    }

    pub(super) fn items(self) -> impl Iterator<Item = Self> {
        self.0
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(Self::new)
    }

    pub(super) fn is_list(self) -> bool {
        self.0.is_some_and(Value::is_array)
    }

    pub(super) fn text(self) -> Option<&'a str> {
        self.0.and_then(Value::as_str)
    }

    pub(super) fn number(self) -> Option<u64> {
        self.0
            .and_then(Value::as_u64)
            .or_else(|| self.text()?.parse().ok())
    }

    pub(super) fn is_present(self) -> bool {
        self.0.is_some()
    }

    /// Whether Envoy 1.40 reads the value as true: also `yes`, `on` and `y`, in any case, even in
    /// quotes.
    pub(super) fn is_true(self) -> bool {
        let is_true_word = |text: &str| {
            ["true", "yes", "on", "y"]
                .iter()
                .any(|word| text.eq_ignore_ascii_case(word))
        };
        self.0
            .and_then(Value::as_bool)
            .unwrap_or_else(|| self.text().is_some_and(is_true_word))
    }

    /// Whether an enum has one of these values. Envoy accepts names in any case, and numbers.
    pub(super) fn is_one_of(self, accepted: &[(&str, u64)]) -> bool {
        accepted.iter().any(|(name, number)| {
            self.text()
                .is_some_and(|text| text.eq_ignore_ascii_case(name))
                || self.number() == Some(*number)
        })
    }

    /// The message name and the fields of a typed configuration. Envoy finds an extension by its
    /// type alone, never by its name.
    pub(super) fn typed(self) -> (&'a str, Self) {
        let name = |url: Self| {
            url.text()
                .and_then(|url| url.rsplit('/').next())
                .unwrap_or_default()
        };
        let type_name = name(self.entry("@type"));
        if TYPED_STRUCTS.contains(&type_name) {
            (name(self.get("type_url")), self.get("value"))
        } else {
            (type_name, self)
        }
    }

    /// Whether the value is the default. An empty message is not, because its presence may switch
    /// something on.
    pub(super) fn is_default(self) -> bool {
        match self.0 {
            None | Some(Value::Null) => true,
            Some(Value::Bool(on)) => !on,
            Some(Value::Number(number)) => number.as_f64() == Some(0.0),
            Some(Value::String(text)) => ["", "0", "false", "no", "off", "n"]
                .iter()
                .any(|word| text.eq_ignore_ascii_case(word)),
            Some(Value::Array(items)) => items.is_empty(),
            Some(Value::Object(_)) => false,
        }
    }

    /// Describes the value in a finding. A message may have a key or a password, so only its
    /// presence is shown.
    pub(super) fn describe(self) -> String {
        match self.0 {
            None => "is missing".to_owned(),
            Some(Value::Object(_) | Value::Array(_)) => "is set".to_owned(),
            Some(Value::String(text)) if text.chars().count() > MAX_SHOWN => {
                format!(
                    "begins with {:?}",
                    text.chars().take(MAX_SHOWN).collect::<String>()
                )
            }
            Some(value) => format!("is {value}"),
        }
    }

    /// This value and every value below it.
    pub(super) fn descendants(self) -> Vec<Self> {
        let mut found = vec![self];
        let mut next = 0;
        while let Some(node) = found.get(next).copied() {
            found.extend(node.items().chain(node.entries().map(|(_, value)| value)));
            next += 1;
        }
        found
    }
}

pub(super) fn camel_case(field: &str) -> String {
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, tail) = word.split_at_checked(1).unwrap_or_default();
        name + &head.to_ascii_uppercase() + tail
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Node;

    #[test]
    fn node_reads_booleans_and_enums_as_envoy() {
        let truths = ["true", "TRUE", "yes", "On", "y", "\"true\"", "'Yes'"];
        let others = [
            "false", "no", "off", "n", "1", "\"1\"", "truly", "~", "[true]",
        ];
        let value = |text: &str| serde_saphyr::from_str::<Value>(text).unwrap();
        for text in truths {
            assert!(Node::new(&value(text)).is_true(), "{text}");
        }
        for text in others {
            assert!(!Node::new(&value(text)).is_true(), "{text}");
        }
        let accepted = [("REJECT_REQUEST", 2)];
        for value in [
            json!("REJECT_REQUEST"),
            json!("reject_request"),
            json!(2),
            json!("2"),
        ] {
            assert!(Node::new(&value).is_one_of(&accepted), "{value}");
        }
        for value in [json!("KEEP_UNCHANGED"), json!(1), Value::Null] {
            assert!(!Node::new(&value).is_one_of(&accepted), "{value}");
        }
    }

    #[test]
    fn default_values_are_recognized() {
        for value in [
            Value::Null,
            json!(false),
            json!("no"),
            json!(""),
            json!("0"),
            json!(0),
            json!([]),
        ] {
            assert!(Node::new(&value).is_default(), "{value}");
        }
        for value in [json!({}), json!(true), json!("x"), json!(1), json!([0])] {
            assert!(!Node::new(&value).is_default(), "{value}");
        }
    }

    #[test]
    fn description_hides_content_of_messages() {
        struct Case {
            name: &'static str,
            value: Value,
            expected: String,
        }

        let long = "x".repeat(500);
        for Case {
            name,
            value,
            expected,
        } in [
            Case {
                name: "message",
                value: json!({"inline_string": "secret"}),
                expected: "is set".to_owned(),
            },
            Case {
                name: "list",
                value: json!(["secret"]),
                expected: "is set".to_owned(),
            },
            Case {
                name: "short string",
                value: json!("short"),
                expected: r#"is "short""#.to_owned(),
            },
            Case {
                name: "long string",
                value: json!(long),
                expected: format!("begins with {:?}", "x".repeat(120)),
            },
            Case {
                name: "nothing",
                value: Value::Null,
                expected: "is missing".to_owned(),
            },
        ] {
            assert_eq!(Node::new(&value).describe(), expected, "{name}");
        }
    }

    #[test]
    fn fields_have_two_spellings_and_map_keys_one() {
        let value = json!({"normalizePath": true, "merge_slashes": true});
        let node = Node::new(&value);
        assert!(node.get("normalize_path").is_true() && node.get("merge_slashes").is_true());
        assert!(
            !node.entry("normalize_path").is_present() && node.entry("normalizePath").is_true()
        );
    }

    #[test]
    fn typed_struct_has_name_and_fields_of_its_type() {
        let plain = json!({"@type": "type.googleapis.com/a.v3.B", "field": 1});
        let wrapped = json!({"@type": "type.googleapis.com/xds.type.v3.TypedStruct",
            "type_url": "type.googleapis.com/a.v3.B", "value": {"field": 1}});
        for value in [plain, wrapped] {
            let (name, fields) = Node::new(&value).typed();
            assert_eq!(
                (name, fields.get("field").number()),
                ("a.v3.B", Some(1)),
                "{value}"
            );
        }
        assert_eq!(Node::new(&json!({"field": 1})).typed().0, "");
    }
}
