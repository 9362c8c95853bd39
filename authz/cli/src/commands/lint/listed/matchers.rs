//! Matchers of strings and headers.

use super::{Extensions, Rule, message};

message! { STRING_MATCHER = "envoy.type.matcher.v3.StringMatcher";
    Rule::Checked => exact, prefix, suffix, contains, ignore_case;
    Rule::Inside(&REGEX_MATCHER) => safe_regex;
    Rule::Typed(&Extensions::NONE) => custom;
}

message! { REGEX_MATCHER = "envoy.type.matcher.v3.RegexMatcher";
    // The engine is RE2 with and without this field.
    Rule::Harmless => google_re2;
    Rule::Checked => regex;
}

message! { HEADER_MATCHER = "envoy.config.route.v3.HeaderMatcher";
    Rule::Checked => name, invert_match;
    Rule::Harmless =>
        exact_match, safe_regex_match, range_match, present_match, prefix_match, suffix_match,
        contains_match, treat_missing_header_as_empty;
    Rule::Inside(&STRING_MATCHER) => string_match;
}
