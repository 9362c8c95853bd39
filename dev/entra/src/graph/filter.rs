//! The part of `$filter` that provisioning uses: `eq`, `in`, `startswith`, `any` and `and`.

use serde_json::Value;

use super::call::EntityType;
use super::error::GraphError;

/// Maximum characters of a filter.
const LONGEST: usize = 2048;
/// Maximum values of an `in`, as in Microsoft Graph.
const MOST_VALUES: usize = 15;

/// Conditions that must all hold.
#[derive(Debug)]
pub(super) struct Filter(Vec<Condition>);

#[derive(Debug)]
enum Condition {
    /// The property is one of the values.
    In(String, Vec<Value>),
    /// The property begins with the text, in any case.
    StartsWith(String, String),
    /// The list has the value.
    Any(String, Value),
}

impl Filter {
    pub(super) fn parse(text: &str, of: &EntityType) -> Result<Self, GraphError> {
        if text.len() > LONGEST {
            return Err(invalid(&format!("it is longer than {LONGEST} characters")));
        }
        let mut rest = Rest(text.trim());
        let mut conditions = Vec::new();
        loop {
            conditions.push(rest.condition(of)?);
            if rest.0.is_empty() {
                return Ok(Self(conditions));
            }
            if !rest.takes_word("and") {
                return Err(invalid(&format!(
                    "'{}' follows a condition; dev-entra combines conditions by 'and' only",
                    rest.0
                )));
            }
        }
    }

    pub(super) fn holds(&self, object: &Value) -> bool {
        self.0.iter().all(|condition| condition.holds(object))
    }
}

impl Condition {
    fn holds(&self, object: &Value) -> bool {
        match self {
            Self::In(name, values) => values.iter().any(|value| equal(&object[name], value)),
            Self::StartsWith(name, start) => object[name]
                .as_str()
                .is_some_and(|text| text.to_lowercase().starts_with(&start.to_lowercase())),
            Self::Any(name, value) => object[name]
                .as_array()
                .is_some_and(|list| list.iter().any(|item| equal(item, value))),
        }
    }
}

/// Texts are equal in any case, as in the directory.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.to_lowercase() == other.to_lowercase(),
        _ => one == other,
    }
}

/// The text that is not parsed yet.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn condition(&mut self, of: &EntityType) -> Result<Condition, GraphError> {
        if self.takes("startswith(") {
            let name = self.property(of)?;
            self.expect(",")?;
            let Value::String(start) = self.literal()? else {
                return Err(invalid("startswith takes a text in quotes"));
            };
            self.expect(")")?;
            return Ok(Condition::StartsWith(name, start));
        }
        let name = self.property(of)?;
        if self.takes("/any(") {
            let variable = self.word()?;
            self.expect(":")?;
            if self.word()? != variable || !self.takes_word("eq") {
                return Err(invalid(
                    "any takes one comparison, such as any(x:x eq 'text')",
                ));
            }
            let value = self.literal()?;
            self.expect(")")?;
            return Ok(Condition::Any(name, value));
        }
        if self.takes_word("eq") {
            return Ok(Condition::In(name, vec![self.literal()?]));
        }
        if self.takes_word("in") {
            return Ok(Condition::In(name, self.list()?));
        }
        Err(invalid(&format!(
            "'{}' follows '{name}'; dev-entra has eq, in, startswith and any",
            self.0
        )))
    }

    fn list(&mut self) -> Result<Vec<Value>, GraphError> {
        self.expect("(")?;
        let mut values = vec![self.literal()?];
        while self.takes(",") {
            values.push(self.literal()?);
            if values.len() > MOST_VALUES {
                return Err(invalid(&format!("'in' has more than {MOST_VALUES} values")));
            }
        }
        self.expect(")")?;
        Ok(values)
    }

    fn property(&mut self, of: &EntityType) -> Result<String, GraphError> {
        let name = self.word()?;
        if of.filterable.contains(&name) {
            Ok(name.to_owned())
        } else {
            Err(GraphError::unsupported_query(format!(
                "Unsupported or invalid query filter clause specified for property '{name}' of \
                 resource '{}'; dev-entra filters by {}.",
                of.name,
                of.filterable.join(", ")
            )))
        }
    }

    fn literal(&mut self) -> Result<Value, GraphError> {
        if self.takes("'") {
            return self.quoted();
        }
        let word = self.word()?;
        match word {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            "null" => Ok(Value::Null),
            _ if uuid::Uuid::parse_str(word).is_ok() => Ok(word.into()),
            _ => Err(invalid(&format!(
                "'{word}' is no literal; put texts in single quotes"
            ))),
        }
    }

    /// The text up to the closing quote. Two quotes stand for one.
    fn quoted(&mut self) -> Result<Value, GraphError> {
        let mut text = String::new();
        loop {
            let (before, after) = self
                .0
                .split_once('\'')
                .ok_or_else(|| invalid("a quote is not closed"))?;
            text.push_str(before);
            let Some(rest) = after.strip_prefix('\'') else {
                self.0 = after.trim_start();
                return Ok(text.into());
            };
            text.push('\'');
            self.0 = rest;
        }
    }

    fn word(&mut self) -> Result<&'a str, GraphError> {
        let end = self
            .0
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-' && letter != '_')
            .unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        if word.is_empty() {
            return Err(invalid(&format!("a name is missing before '{rest}'")));
        }
        self.0 = rest.trim_start();
        Ok(word)
    }

    /// Takes `word` if it is the next one.
    fn takes_word(&mut self, word: &str) -> bool {
        match self.0.strip_prefix(word) {
            Some(rest) if !rest.starts_with(|letter: char| letter.is_ascii_alphanumeric()) => {
                self.0 = rest.trim_start();
                true
            }
            _ => false,
        }
    }

    fn takes(&mut self, text: &str) -> bool {
        let rest = self.0.strip_prefix(text);
        if let Some(rest) = rest {
            self.0 = if text == "'" { rest } else { rest.trim_start() };
        }
        rest.is_some()
    }

    fn expect(&mut self, text: &str) -> Result<(), GraphError> {
        if self.takes(text) {
            Ok(())
        } else {
            Err(invalid(&format!("'{text}' is missing before '{}'", self.0)))
        }
    }
}

fn invalid(problem: &str) -> GraphError {
    GraphError::bad_request(format!("Invalid filter clause: {problem}."))
}
