//! Reads Entra's description of an error, as far as it is safe to show and log.

use serde::Deserialize;

/// Maximum length in characters. Entra's sentences have up to 200 before the ids.
const LONGEST: usize = 300;
const PREFIX: &str = "AADSTS";

#[derive(Deserialize)]
struct Body {
    error_description: String,
}

/// The sentences of Entra's error in `body`, without ids and addresses.
///
/// They are bounded and have no control characters. The ids and the time at their end are left out,
/// because a message that differs each time would be logged each time.
pub(super) fn error_description(body: &[u8]) -> Option<String> {
    let Body {
        error_description: text,
    } = serde_json::from_slice(body).ok()?;
    let has_code = text
        .strip_prefix(PREFIX)?
        .starts_with(|first: char| first.is_ascii_digit());
    let sentence = text.split("Trace ID:").next().filter(|_| has_code)?;
    let words = sentence.split_whitespace().map(|word| {
        if word.contains('@') {
            "[address]"
        } else {
            word
        }
    });
    let text = words.collect::<Vec<_>>().join(" ");
    Some(
        text.chars()
            .filter(|character| !character.is_control())
            .take(LONGEST)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::error_description;

    #[test]
    fn error_description_is_of_entra_bounded_and_printable() {
        struct Case {
            name: &'static str,
            body: Value,
            expected: Option<String>,
        }

        let long = format!("AADSTS1: {}", "x".repeat(1000));
        for Case {
            name,
            body,
            expected,
        } in [
            Case {
                name: "unknown tenant",
                body: json!({"error_description":
                    "AADSTS90002: Tenant 't' not found. Check it. Trace ID: a Correlation ID: b"}),
                expected: Some("AADSTS90002: Tenant 't' not found. Check it.".to_owned()),
            },
            Case {
                name: "lines, controls and an address",
                body: json!({"error_description":
                    "AADSTS1: a\r\n{\"level\"}\u{1b}[31m ada@contoso.example"}),
                expected: Some("AADSTS1: a {\"level\"}[31m [address]".to_owned()),
            },
            Case {
                name: "long",
                body: json!({"error_description": long}),
                expected: Some(long.chars().take(300).collect()),
            },
            Case {
                name: "of another provider",
                body: json!({"error_description": "no such realm"}),
                expected: None,
            },
            Case {
                name: "without a number",
                body: json!({"error_description": "AADSTSx: y"}),
                expected: None,
            },
            Case {
                name: "without a description",
                body: json!({"error": "invalid_request"}),
                expected: None,
            },
            Case {
                name: "not a string",
                body: json!({"error_description": 7}),
                expected: None,
            },
        ] {
            assert_eq!(
                error_description(body.to_string().as_bytes()),
                expected,
                "{name}"
            );
        }
        assert_eq!(error_description(b"<html>"), None, "HTML");
    }
}
