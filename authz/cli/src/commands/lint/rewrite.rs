//! Computes which prefix a route removes from the path.

use regex::Regex;

use super::node::Node;
use super::patterns::Pattern;

/// What a route does to the path of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rewrite {
    /// Removes this prefix, which is empty without a rewrite.
    Removes(String),
    /// Replaces `matched` by `written`, so the service's path is not the end of the client's.
    Replaces { matched: String, written: String },
    /// The result cannot be computed from the configuration alone.
    Unknown,
}

/// The rewrite of `route`.
pub(super) fn of(route: Node<'_>) -> Rewrite {
    let action = route.get("route");
    let by_prefix = action
        .get("prefix_rewrite")
        .text()
        .filter(|written| !written.is_empty());
    let by_regex = action.get("regex_rewrite");
    match by_prefix {
        Some(written) => literal_match(route).map_or(Rewrite::Unknown, |matched| {
            removal(matched, written, written)
        }),
        None if by_regex.is_present() => regex_removal(by_regex),
        None if ["path_rewrite", "path_rewrite_policy"]
            .iter()
            .any(|kind| action.get(kind).is_present()) =>
        {
            Rewrite::Unknown
        }
        None => Rewrite::Removes(String::new()),
    }
}

/// The pattern of `regex_rewrite`, if it may match in the middle of a path. Envoy replaces every
/// match.
pub(super) fn unanchored_pattern(route: Node<'_>) -> Option<&str> {
    let pattern = route
        .get("route")
        .get("regex_rewrite")
        .get("pattern")
        .get("regex")
        .text();
    let begins_at_start =
        |text: &str| Pattern::parse(text).is_some_and(|pattern| pattern.begins_at_start());
    pattern.filter(|pattern| !begins_at_start(pattern))
}

/// A path of the route from which `regex_rewrite` does not just remove `removed`, and the rewritten
/// path.
pub(super) fn counterexample(route: Node<'_>, removed: &str) -> Option<(String, String)> {
    let rewrite = route.get("route").get("regex_rewrite");
    let pattern = Regex::new(rewrite.get("pattern").get("regex").text()?).ok()?;
    let substitution = rust_substitution(rewrite.get("substitution").text().unwrap_or_default());
    let matched = route.get("match");
    let tails: &[&str] = match (
        matched.get("path").text(),
        matched.get("path_separated_prefix").text(),
    ) {
        (Some(_), _) => &[""],
        (_, Some(_)) => &["", "/", "/a/b/c", "/a/y/z"],
        _ => &["", "a", "a/b/c", "a/y/z"],
    };
    let literal = literal_match(route)?;
    tails
        .iter()
        .map(|tail| format!("{literal}{tail}"))
        .find_map(|path| {
            let written = pattern
                .replace_all(&path, substitution.as_str())
                .into_owned();
            let is_the_end =
                path.strip_prefix(removed) == Some(written.as_str()) && written.starts_with('/');
            (!is_the_end).then_some((path, written))
        })
}

/// Translates RE2's `\1` to `${1}`.
fn rust_substitution(text: &str) -> String {
    let mut written = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, characters.clone().next()) {
            ('\\', Some(next)) => {
                characters.next();
                if next.is_ascii_digit() {
                    written.extend(['$', '{', next, '}']);
                } else {
                    written.push(next);
                }
            }
            ('$', _) => written.push_str("$$"),
            _ => written.push(character),
        }
    }
    written
}

/// The part of the path that `prefix_rewrite` replaces. `None` for a regular expression, which
/// matches and replaces the whole path.
fn literal_match(route: Node<'_>) -> Option<&str> {
    let matched = route.get("match");
    ["prefix", "path", "path_separated_prefix"]
        .iter()
        .find_map(|kind| matched.get(kind).text())
}

/// The rewrite of `matched` to `written`. `start` is the start of the service's path.
fn removal(matched: &str, written: &str, start: &str) -> Rewrite {
    match matched.strip_suffix(written) {
        Some(removed) if start.starts_with('/') => Rewrite::Removes(removed.to_owned()),
        _ => Rewrite::Replaces {
            matched: matched.to_owned(),
            written: written.to_owned(),
        },
    }
}

/// The rewrite of a pattern that is a literal, optionally followed by one group for the rest that
/// the substitution keeps. Other patterns are `Unknown`.
fn regex_removal(rewrite: Node<'_>) -> Rewrite {
    let pattern = rewrite.get("pattern").get("regex");
    let pattern = pattern.text().unwrap_or_default();
    let substitution = rewrite.get("substitution").text().unwrap_or_default();
    let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
    let pattern = pattern.strip_suffix('$').unwrap_or(pattern);
    let rests = [("(/.*)", "/"), ("(/.+)", "/"), ("(.*)", ""), ("(.+)", "")];
    let rest = rests
        .iter()
        .find_map(|(group, start)| Some((pattern.strip_suffix(group)?, *start)));
    let (literal, written, start) = match (rest, substitution.strip_suffix(r"\1")) {
        (Some((literal, start)), Some(written)) => (literal, written, format!("{written}{start}")),
        (None, None) => (pattern, substitution, substitution.to_owned()),
        _ => return Rewrite::Unknown,
    };
    let literal = literal
        .replace(r"\.", ".")
        .replace(r"\-", "-")
        .replace(r"\/", "/");
    let is_plain = |text: &str| !text.contains(['\\', '(', '[', '{', '*', '+', '?', '|', '^', '$']);
    // An unescaped dot counts as a literal: `/v1.0` means the dot.
    if is_plain(&literal) && is_plain(written) {
        removal(&literal, written, &start)
    } else {
        Rewrite::Unknown
    }
}

#[cfg(test)]
mod tests;
