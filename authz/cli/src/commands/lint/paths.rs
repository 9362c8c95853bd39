//! Checks that Envoy and the service read a path in the same way.

use super::code::Code;
use super::finding::Finding;
use super::manager::Manager;
use super::node::Node;
use super::patterns::Pattern;
use super::route_table::Route;

const SAFE_SLASHES: [(&str, u64); 2] = [("REJECT_REQUEST", 2), ("UNESCAPE_AND_REDIRECT", 3)];

/// Checks how the manager normalizes paths.
pub(super) fn check_manager(manager: &Manager<'_>, findings: &mut Vec<Finding>) {
    let value = |field| manager.node.get(field);
    let (normalized, merged) = (
        value("normalize_path").is_true(),
        value("merge_slashes").is_true(),
    );
    let safe = value("path_with_escaped_slashes_action").is_one_of(&SAFE_SLASHES);
    for (field, good, code) in [
        ("normalize_path", normalized, Code::PathNotNormalized),
        ("merge_slashes", merged, Code::SlashesNotMerged),
        (
            "path_with_escaped_slashes_action",
            safe,
            Code::EscapedSlashesPass,
        ),
    ] {
        if !good {
            findings.push(manager.place.finding(code, field, value(field).describe()));
        }
    }
}

/// Checks how the route matches paths.
pub(super) fn check_route(route: &Route<'_>, findings: &mut Vec<Finding>) {
    let matched = route.node.get("match");
    let case_sensitive = matched.get("case_sensitive");
    if case_sensitive.is_present() && !case_sensitive.is_true() {
        findings.push(route.place.finding(
            Code::PathCaseInsensitive,
            "match.case_sensitive",
            "is false",
        ));
    }
    check_expression(route, matched.get("safe_regex").get("regex"), findings);
    let on_path = matched
        .get("headers")
        .items()
        .filter(|header| header.get("name").text() == Some(":path"));
    for header in on_path {
        let mut find =
            |code, found: &str| findings.push(route.place.finding(code, "match.headers", found));
        if sees_query(header) {
            find(Code::PathMatchedAsHeader, "has a matcher of :path");
        }
        if header.get("string_match").get("ignore_case").is_true() {
            find(
                Code::PathCaseInsensitive,
                "has a matcher of :path that ignores case",
            );
        }
    }
}

/// Finds a regular expression that matches more paths than it seems to.
fn check_expression(route: &Route<'_>, expression: Node<'_>, findings: &mut Vec<Finding>) {
    let Some(text) = expression.text() else {
        return;
    };
    let mut find = |code| {
        findings.push(
            route
                .place
                .finding(code, "match.safe_regex.regex", expression.describe()),
        );
    };
    let Some(pattern) = Pattern::parse(text) else {
        return find(Code::SettingUnlisted);
    };
    for (is_so, code) in [
        (pattern.ignores_case(), Code::PathCaseInsensitive),
        (pattern.crosses_segments(), Code::PathRegexCrossesSegments),
        (pattern.matches_odd_characters(), Code::PathRegexOdd),
    ] {
        if is_so {
            find(code);
        }
    }
}

/// Whether the matcher may match part of the query. A `prefix` ends before the query, and an
/// `exact` value has the whole query.
fn sees_query(header: Node<'_>) -> bool {
    let matcher = header.get("string_match");
    let harmless = ["prefix", "exact"]
        .iter()
        .any(|kind| matcher.get(kind).is_present());
    !harmless || header.get("invert_match").is_true()
}
