//! Envoy's `StringMatcher`, evaluated.

use regex::Regex;

use super::node::Node;

/// Whether `matcher` matches `text`. A matcher of another kind, or with a broken expression, matches nothing.
pub(super) fn matches(matcher: Node<'_>, text: &str) -> bool {
    // Envoy's expressions are RE2's and match the whole text; `ignore_case` does not apply to them.
    if let Some(expression) = matcher.get("safe_regex").get("regex").text() {
        return Regex::new(&format!("^(?:{expression})$")).is_ok_and(|regex| regex.is_match(text));
    }
    let ignore_case = matcher.get("ignore_case").is_true();
    let fold = |text: &str| if ignore_case { text.to_ascii_lowercase() } else { text.to_owned() };
    let text = fold(text);
    let says = |kind: &str, matches: fn(&str, &str) -> bool| {
        matcher.get(kind).text().is_some_and(|pattern| matches(&text, &fold(pattern)))
    };
    says("exact", |text, pattern| text == pattern)
        || says("prefix", |text, pattern| text.starts_with(pattern))
        || says("suffix", |text, pattern| text.ends_with(pattern))
        || says("contains", |text, pattern| text.contains(pattern))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::node::Node;
    use super::matches;

    #[test]
    fn a_matcher_matches_what_it_matches_in_envoy() {
        for (matcher, text, expected) in [
            (json!({"exact": "authorization"}), "authorization", true),
            (json!({"exact": "Authorization"}), "authorization", false),
            (json!({"exact": "Authorization", "ignore_case": true}), "authorization", true),
            (json!({"prefix": "x-user-"}), "x-user-oid", true),
            (json!({"prefix": "X-User-"}), "x-user-oid", false),
            (json!({"prefix": "X-User-", "ignoreCase": true}), "x-user-oid", true),
            (json!({"suffix": "-oid"}), "x-user-oid", true),
            (json!({"suffix": "x-user"}), "x-user-oid", false),
            (json!({"contains": "user"}), "x-user-oid", true),
            (json!({"contains": "tenant"}), "x-user-oid", false),
            (json!({"safe_regex": {"regex": "x-(user|tenant)-.*"}}), "x-user-oid", true),
            (json!({"safe_regex": {"regex": "user"}}), "x-user-oid", false),
            (json!({"safe_regex": {"regex": "("}}), "(", false),
            (json!({}), "x-user-oid", false),
        ] {
            assert_eq!(matches(Node::new(&matcher), text), expected, "{matcher} {text}");
        }
    }
}
