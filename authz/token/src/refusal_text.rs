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
pub(crate) fn refusal_text(body: &[u8]) -> Option<String> {
    let Body { error_description } = serde_json::from_slice(body).ok()?;
    let has_code = error_description
        .strip_prefix(PREFIX)?
        .starts_with(|first: char| first.is_ascii_digit());
    let sentence = error_description
        .split("Trace ID:")
        .next()
        .filter(|_| has_code)?;
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
    use serde_json::json;

    use super::refusal_text;

    #[test]
    fn refusal_text_is_of_entra_bounded_and_printable() {
        let long = format!("AADSTS1: {}", "x".repeat(1000));
        for (name, body, expected) in [
            (
                "unknown tenant",
                json!({"error_description":
                    "AADSTS90002: Tenant 't' not found. Check it. Trace ID: a Correlation ID: b"}),
                Some("AADSTS90002: Tenant 't' not found. Check it.".to_owned()),
            ),
            (
                "lines, controls and an address",
                json!({"error_description":
                    "AADSTS1: a\r\n{\"level\"}\u{1b}[31m ada@contoso.example"}),
                Some("AADSTS1: a {\"level\"}[31m [address]".to_owned()),
            ),
            (
                "long",
                json!({"error_description": long}),
                Some(long.chars().take(300).collect()),
            ),
            (
                "of another provider",
                json!({"error_description": "no such realm"}),
                None,
            ),
            (
                "without a number",
                json!({"error_description": "AADSTSx: y"}),
                None,
            ),
            (
                "without a description",
                json!({"error": "invalid_request"}),
                None,
            ),
            ("not a string", json!({"error_description": 7}), None),
        ] {
            assert_eq!(
                refusal_text(body.to_string().as_bytes()),
                expected,
                "{name}"
            );
        }
        assert_eq!(refusal_text(b"<html>"), None, "HTML");
    }
}
