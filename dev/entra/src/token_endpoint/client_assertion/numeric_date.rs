use serde::Deserialize;
use serde_json::Number;

/// Seconds since 1970, rounded down. RFC 7519 §2 allows a fraction, and MSAL for Python sends one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "Number")]
pub(super) struct NumericDate(pub(super) i64);

impl TryFrom<Number> for NumericDate {
    type Error = &'static str;

    fn try_from(number: Number) -> Result<Self, Self::Error> {
        if let Some(seconds) = number.as_i64() {
            return Ok(Self(seconds));
        }
        // A float is formatted without an exponent, so its whole seconds parse as an integer.
        let seconds = number
            .as_f64()
            .map(|seconds| format!("{:.0}", seconds.floor()))
            .and_then(|text| text.parse().ok());
        seconds
            .map(Self)
            .ok_or("is not a number of seconds since 1970")
    }
}

#[cfg(test)]
mod tests {
    use super::NumericDate;

    #[test]
    fn numeric_date_accepts_seconds_with_or_without_a_fraction() {
        struct Case {
            name: &'static str,
            text: &'static str,
            expected: Option<i64>,
        }

        let case = |name, text, expected| Case {
            name,
            text,
            expected,
        };
        for Case {
            name,
            text,
            expected,
        } in [
            case("whole", "1795904839", Some(1_795_904_839)),
            case("half", "1795904839.507", Some(1_795_904_839)),
            case("almost the next", "1795904839.999", Some(1_795_904_839)),
            case("exponent", "1.795904839e9", Some(1_795_904_839)),
            case("negative", "-0.5", Some(-1)),
            case("too large a number", "1e300", None),
            case("too large an integer", "18446744073709551615", None),
            case("string", "\"1795904839\"", None),
            case("null", "null", None),
        ] {
            let date = serde_json::from_str::<NumericDate>(text)
                .ok()
                .map(|NumericDate(seconds)| seconds);
            assert_eq!(date, expected, "{name}: {text}");
        }
    }
}
