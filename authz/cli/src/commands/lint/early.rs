//! Checks header mutations that run before all filters: `early_header_mutation_extensions`.

use super::code::Code;
use super::finding::Finding;
use super::manager::Manager;
use super::node::Node;
use super::patterns::Pattern;
use super::removed;
use super::string_matcher::StringMatcher;

const EXTENSIONS: &str = "early_header_mutation_extensions";
const EARLY_MUTATION: &str =
    "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation";
/// Kinds of a StringMatcher that compare strings, and to which `ignore_case` applies.
const LITERALS: [&str; 4] = ["exact", "prefix", "suffix", "contains"];
/// Maximum number of headers in a finding.
const NAMED: usize = 5;
/// Headers that Envoy itself writes, or that every request has.
const ENVOYS_OWN: [&str; 3] = ["host", "x-forwarded-for", "x-forwarded-proto"];

/// The mutations with their fields, in the order in which Envoy runs them.
fn mutations(manager: Node<'_>) -> Vec<(String, Node<'_>)> {
    let mut found = Vec::new();
    for (number, extension) in manager.get(EXTENSIONS).items().enumerate() {
        let (type_name, configuration) = extension.get("typed_config").typed();
        if type_name == EARLY_MUTATION {
            let list = configuration.get("mutations").items().enumerate();
            found.extend(list.map(|(index, mutation)| {
                (
                    format!("{EXTENSIONS}[{number}].typed_config.mutations[{index}]"),
                    mutation,
                )
            }));
        }
    }
    found
}

/// The headers that the manager removes before all filters.
#[derive(Clone, Debug)]
pub(super) struct Removals<'a> {
    names: Vec<&'a str>,
    matchers: Vec<StringMatcher>,
}

impl<'a> Removals<'a> {
    pub(super) fn of(manager: Node<'a>) -> Self {
        let mutations: Vec<Node<'a>> = mutations(manager)
            .into_iter()
            .map(|(_, mutation)| mutation)
            .collect();
        let matchers = mutations
            .iter()
            .map(|mutation| mutation.get("remove_on_match").get("key_matcher"));
        let matchers = matchers.filter_map(StringMatcher::read).collect();
        Self {
            names: mutations
                .iter()
                .filter_map(|mutation| mutation.get("remove").text())
                .collect(),
            matchers,
        }
    }

    /// Whether the header of this name, in lower case, is removed.
    pub(super) fn removes(&self, name: &str) -> bool {
        self.names
            .iter()
            .any(|removed| removed.eq_ignore_ascii_case(name))
            || self.matchers.iter().any(|matcher| matcher.matches(name))
    }
}

pub(super) fn check(manager: &Manager<'_>, removals: &Removals<'_>, findings: &mut Vec<Finding>) {
    let Manager { place, node, .. } = manager;
    for (code, kept) in removed::kept(|name| removals.removes(name)) {
        let (named, rest) = kept.split_at(kept.len().min(NAMED));
        let more = if rest.is_empty() {
            String::new()
        } else {
            format!(" and {} more", rest.len())
        };
        let found = format!(
            "does not remove {}{more}, in every spelling",
            named.join(", ")
        );
        findings.push(place.finding(code, EXTENSIONS, found));
    }
    for (field, mutation) in mutations(*node) {
        if never_matches(mutation.get("remove_on_match").get("key_matcher")) {
            let field = format!("{field}.remove_on_match.key_matcher");
            findings.push(place.finding(Code::RemovalNeverMatches, field, "has upper case"));
        }
        if let Some((code, name)) = added(mutation.get("append").get("header").get("key")) {
            let found = format!("adds {name:?}");
            findings.push(place.finding(code, format!("{field}.append.header.key"), found));
        }
    }
    if removals.removes("authorization") {
        findings.push(place.finding(Code::TokenNotSent, EXTENSIONS, "removes authorization"));
    }
}

/// The code for an added header that clients may not send, and its name.
fn added(key: Node<'_>) -> Option<(Code, &str)> {
    let name = key.text()?;
    let lower = name.to_ascii_lowercase();
    if removed::is_identity(&lower) || lower == "authorization" {
        return Some((Code::IdentityHeadersAdded, name));
    }
    let is_envoys = lower.starts_with(':') || ENVOYS_OWN.contains(&lower.as_str());
    (removed::is_removed(&lower) || is_envoys).then_some((Code::SettingUnlisted, name))
}

/// Whether a matcher, or an alternative of it, matches no name in lower case.
fn never_matches(matcher: Node<'_>) -> bool {
    let has_upper_case = |text: &str| text.bytes().any(|byte| byte.is_ascii_uppercase());
    let literal = LITERALS.iter().find_map(|kind| matcher.get(kind).text());
    if let Some(text) = literal {
        return has_upper_case(text) && !matcher.get("ignore_case").is_true();
    }
    let pattern = matcher
        .get("safe_regex")
        .get("regex")
        .text()
        .and_then(Pattern::parse);
    pattern.is_some_and(|pattern| pattern.has_part_without_lower_case())
}
