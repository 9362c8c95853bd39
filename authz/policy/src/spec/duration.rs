use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// Pattern of durations such as `60s`. It accepts all that the parser does, and more.
pub(crate) const DURATION_PATTERN: &str = r"^\s*([0-9][0-9\s.]*[A-Za-zµ]+\s*)+$";

/// The error about a string that is not a duration.
pub(crate) fn not_a_duration(text: &str) -> String {
    format!("'{text}' is not a time such as 60s or 1m")
}

pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text)
        .map_err(|error| serde::de::Error::custom(format!("{} ({error})", not_a_duration(&text))))
}

pub(super) fn optional_duration<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::DURATION_PATTERN;

    #[test]
    fn pattern_accepts_what_the_parser_does() {
        let pattern = serde_json::json!({ "pattern": DURATION_PATTERN });
        let schema = jsonschema::draft202012::new(&pattern).unwrap();
        for duration in [
            "60s", "1m", "24h 5m", "1h30m", "1.5h", "1M", " 2 µs ", "1 000ms", "2 days",
        ] {
            assert!(humantime::parse_duration(duration).is_ok(), "{duration}");
            assert!(schema.is_valid(&duration.into()), "{duration}");
        }
        for other in ["", "soon", "60", "-1s", "s", "1s;"] {
            assert!(humantime::parse_duration(other).is_err(), "{other}");
            assert!(!schema.is_valid(&other.into()), "{other}");
        }
    }
}
