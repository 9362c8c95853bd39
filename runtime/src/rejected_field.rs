//! Names the invalid field of a body or a query, and says what it takes.
//!
//! A form can mark the field by its name.

use std::error::Error;

use serde_path_to_error::Error as PathError;

/// Maximum number of characters of a message. A longer one does not help to fix a field.
const LONGEST_MESSAGE: usize = 300;

/// An invalid field of a body or a query.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RejectedField {
    /// Its path; `None` if the error is about the whole body or query.
    pub(crate) name: Option<String>,
    /// What it takes, without names of Rust types.
    problem: String,
}

impl RejectedField {
    /// The field that `rejection` is about, if `E` is the error type of the serde format.
    pub(crate) fn of<E: Error + 'static>(rejection: &(dyn Error + 'static)) -> Option<Self> {
        let cause = path_error::<E>(rejection)?;
        let path = cause.path().to_string();
        let message = cause.inner().to_string();
        let name = if path == "." {
            field_in(&message)
        } else {
            Some(path)
        };
        Some(Self {
            name,
            problem: words(&message),
        })
    }

    /// A sentence for a person: the field, or `whole`, and what it takes.
    pub(crate) fn detail(&self, whole: &str) -> String {
        format!(
            "{}: {}",
            self.name.as_deref().unwrap_or(whole),
            self.problem
        )
    }
}

/// The parser's error among the causes of an extractor's `rejection`.
///
/// `E` is the error type of the serde format.
pub(crate) fn path_error<'a, E: Error + 'static>(
    rejection: &'a (dyn Error + 'static),
) -> Option<&'a PathError<E>> {
    let mut causes = std::iter::successors(Some(rejection), |&error| error.source());
    causes.find_map(|error| error.downcast_ref())
}

/// The name of a missing, unknown or duplicate field in serde's `message`.
///
/// Such a field has no value, and so no path. serde writes its name first, between backticks.
fn field_in(message: &str) -> Option<String> {
    let (kind, rest) = message.split_once('`')?;
    let is_about_a_field = ["missing field ", "unknown field ", "duplicate field "].contains(&kind);
    rest.split_once('`')
        .filter(|_| is_about_a_field)
        .map(|(name, _)| name.to_owned())
}

/// Translates serde's message for clients: no Rust types, no value of the client, no position.
fn words(message: &str) -> String {
    let message = message
        .rsplit_once(" at line ")
        .map_or(message, |(message, _)| message);
    if message.starts_with("missing field ") {
        return "is missing".to_owned();
    }
    if message.starts_with("duplicate field ") {
        return "is given twice".to_owned();
    }
    if message.starts_with("unknown field ") {
        let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        return if known.is_empty() {
            "is not a field; there are no fields".to_owned()
        } else {
            format!("is not a field; the fields are: {}", known.join(", "))
        };
    }
    if message.starts_with("unknown variant ") {
        let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        return format!("takes one of {}", known.join(", "));
    }
    if let Some((found, expected)) = message
        .strip_prefix("invalid type: ")
        .and_then(|rest| rest.rsplit_once(", expected "))
    {
        return format!("takes {}, not {}", kind(expected), kind(found));
    }
    if let Some((_, expected)) = message
        .strip_prefix("invalid value: ")
        .and_then(|rest| rest.rsplit_once(", expected "))
    {
        return format!("takes {}", kind(expected));
    }
    match message {
        // The messages of the standard library's `ParseIntError`.
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            "takes a whole number".to_owned()
        }
        "number too large to fit in target type" => "takes a smaller number".to_owned(),
        other => other.chars().take(LONGEST_MESSAGE).collect(),
    }
}

/// Translates serde's names of types into those of JSON (RFC 8259 §3).
fn kind(name: &str) -> &str {
    let first = name.split([' ', '`', '"']).next().unwrap_or_default();
    match first {
        "string" => "a string",
        "integer" | "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize"
        | "isize" => "a whole number",
        "floating" | "f32" | "f64" => "a number",
        "boolean" => "a boolean",
        "null" | "unit" | "Option" => "null",
        "map" | "struct" => "an object",
        "sequence" | "tuple" => "an array",
        _ => match name {
            "a map" => "an object",
            "a sequence" => "an array",
            "an integer" => "a whole number",
            other => other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn serde_messages_become_words_of_json() {
        struct Case {
            name: &'static str,
            message: &'static str,
            expected: &'static str,
        }

        for Case {
            name,
            message,
            expected,
        } in [
            Case {
                name: "missing",
                message: "missing field `title` at line 1 column 2",
                expected: "is missing",
            },
            Case {
                name: "duplicate",
                message: "duplicate field `title` at line 1 column 22",
                expected: "is given twice",
            },
            Case {
                name: "unknown",
                message: "unknown field `extra`, expected `title` at line 1 column 9",
                expected: "is not a field; the fields are: title",
            },
            Case {
                name: "unknown of several",
                message: "unknown field `x`, expected one of `a`, `b`",
                expected: "is not a field; the fields are: a, b",
            },
            Case {
                name: "unknown, none known",
                message: "unknown field `x`, there are no fields",
                expected: "is not a field; there are no fields",
            },
            Case {
                name: "unknown value",
                message: "unknown variant `x`, expected `a` or `b`",
                expected: "takes one of a, b",
            },
            Case {
                name: "number for a string",
                message: "invalid type: integer `7`, expected a string at line 1 column 10",
                expected: "takes a string, not a whole number",
            },
            Case {
                name: "string that looks like the message",
                message: "invalid type: string \"s3cret, expected\", expected u64",
                expected: "takes a whole number, not a string",
            },
            Case {
                name: "object for a boolean",
                message: "invalid type: map, expected a boolean",
                expected: "takes a boolean, not an object",
            },
            Case {
                name: "array for an object",
                message: "invalid type: sequence, expected an object at line 1 column 0",
                expected: "takes an object, not an array",
            },
            Case {
                name: "null for an object",
                message: "invalid type: null, expected struct NewTask",
                expected: "takes an object, not null",
            },
            Case {
                name: "fraction for a whole number",
                message: "invalid type: floating point `1.5`, expected i64",
                expected: "takes a whole number, not a number",
            },
            Case {
                name: "negative for a whole number",
                message: "invalid value: integer `-1`, expected u32",
                expected: "takes a whole number",
            },
            Case {
                name: "not a number in a query",
                message: "invalid digit found in string",
                expected: "takes a whole number",
            },
            Case {
                name: "own message",
                message: "expected 1 to 5 characters, found 0 at line 1 column 12",
                expected: "expected 1 to 5 characters, found 0",
            },
        ] {
            assert_eq!(words(message), expected, "{name}: {message}");
        }
    }
}
