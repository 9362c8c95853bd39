//! Makes regular expressions for Envoy from the list.
//!
//! Envoy evaluates each matcher against each header of each request. Measured on Envoy 1.40 with 20
//! headers, one line for each product costs 35 µs a request, 22 expressions cost 12 µs, and 4
//! expressions cost 4 µs. An expression of any length costs about 40 ns a header. Therefore the
//! list becomes few large expressions.

use std::collections::BTreeMap;

use super::{Group, RemovedHeader, WRITTEN_BY_ENVOY, exact, groups};

/// Matches `-` and every character that some server reads as `-` or `_`.
const SEPARATOR: &str = "[^a-z0-9]";
/// Like [`SEPARATOR`], without `-`.
const ODD_SEPARATOR: &str = "[^a-z0-9-]";
/// Matches the rest of a name behind a prefix.
const REST: &str = ".*";

/// Maximum number of RE2 instructions of an expression, by the estimate of [`instructions`].
///
/// `re2.max_program_size.error_level` is 1,000 in `envoy/bootstrap.yaml`, and more in the
/// bootstraps of Envoy Gateway and Istio. Envoy's default is 100. The estimate includes
/// instructions that RE2 may share, so the real number is lower.
const MOST_INSTRUCTIONS: usize = 500;

/// Headers that clients send legitimately. No expression may match them.
pub const ORDINARY: &[&str] = &[
    "accept",
    "authorization",
    "baggage",
    "b3",
    "content-type",
    "cookie",
    "dpr",
    "host",
    "if-match",
    "idempotency-key",
    "origin",
    "referer",
    "request-context",
    "request-id",
    "te",
    "traceparent",
    "tracestate",
    "user-agent",
    "via",
    "cf-ray",
    "client-version",
    "remote-config",
    "sec-fetch-mode",
    "x-api-key",
    "x-api-version",
    "x-app-version",
    "x-auth-key",
    "x-auth-token",
    "x-amz-date",
    "x-amz-security-token",
    "x-amzn-trace-id",
    "x-b3-traceid",
    "x-client-data",
    "x-client-name",
    "x-cloud-trace-context",
    "x-correlation-id",
    "x-csrf-token",
    "x-device-id",
    "x-emails",
    "x-forwarded",
    "x-github-event",
    "x-goog-api-client",
    "x-goog-api-key",
    "x-grouping",
    "x-idempotency-key",
    "x-ms-client-request-id",
    "x-ms-date",
    "x-ms-version",
    "x-project-id",
    "x-requested-with",
    "x-session-id",
    "x-signature",
    "x-token",
    "x-trace-id",
    "x-users",
    "x-usertest",
    "xuser-oid",
    "x-xsrf-token",
    "oid",
    "user",
    "roles",
    "smart",
];

/// Expressions that match the names of the list with any separator, and no other name.
///
/// They match whole names in lower case, as Envoy has them. They do not match the proper spelling
/// of names that Envoy writes or that have lines of their own in the gateway's files.
#[must_use]
pub fn patterns() -> Vec<String> {
    let of = |spelt_out: bool| {
        let groups = groups().filter(move |group| group.is_spelt_out() == spelt_out);
        groups.flat_map(|group: &Group| group.headers).copied()
    };
    let written = WRITTEN_BY_ENVOY.map(exact);
    let odd = of(true)
        .chain(written)
        .filter(|header| header.text().contains('-'));
    [
        chunks(of(false), Tree::any_spelling),
        chunks(odd, Tree::odd_spellings),
    ]
    .concat()
}

/// Makes expressions, each for as many of `names` as fit. Names are in alphabetical order, so that
/// they share words.
fn chunks(names: impl Iterator<Item = RemovedHeader>, render: fn(&Tree) -> String) -> Vec<String> {
    let mut names: Vec<RemovedHeader> = names.collect();
    names.sort_by_key(|header| header.text());
    let mut patterns = Vec::new();
    let mut tree = Tree::default();
    for header in names {
        let mut wider = tree.clone();
        wider.add(header);
        if instructions(&render(&wider)) > MOST_INSTRUCTIONS {
            patterns.push(render(&std::mem::take(&mut tree)));
            tree.add(header);
        } else {
            tree = wider;
        }
    }
    patterns.push(render(&tree));
    patterns
}

/// An upper bound of the RE2 instructions: one for a character, and one for each range of a class.
fn instructions(pattern: &str) -> usize {
    let classes = pattern.matches('[').count();
    let inside = SEPARATOR.len() * classes + pattern.matches(ODD_SEPARATOR).count();
    pattern.len().saturating_sub(inside) + 4 * classes
}

/// A tree of names by their words.
#[derive(Clone, Debug, Default)]
struct Tree {
    words: BTreeMap<&'static str, Tree>,
    /// Whether a name ends here.
    ends: bool,
    /// Whether a prefix ends here.
    open: bool,
}

impl Tree {
    fn add(&mut self, header: RemovedHeader) {
        let mut place = self;
        for word in header.text().split('-') {
            place = place.words.entry(word).or_default();
        }
        if header.is_prefix() {
            place.open = true;
        } else {
            place.ends = true;
        }
    }

    /// An expression for the names with any separators.
    fn any_spelling(&self) -> String {
        self.join(|tree| Some(tree.rest()))
    }

    /// An expression for the names with at least one odd separator.
    fn odd_spellings(&self) -> String {
        self.join(Self::odd_rest)
    }

    fn join(&self, rest: impl Fn(&Self) -> Option<String>) -> String {
        let word = |(word, tree): (&&str, &Self)| Some(format!("{word}{}", rest(tree)?));
        self.words
            .iter()
            .filter_map(word)
            .collect::<Vec<_>>()
            .join("|")
    }

    /// An expression for the rest of the names behind a word.
    fn rest(&self) -> String {
        if self.open {
            return REST.to_owned();
        }
        if self.words.is_empty() {
            return String::new();
        }
        let rest = format!("{SEPARATOR}{}", grouped(&self.any_spelling()));
        if self.ends {
            format!("({rest})?")
        } else {
            rest
        }
    }

    /// Like `rest`, with at least one odd separator. `None` if no separator can follow.
    fn odd_rest(&self) -> Option<String> {
        if self.words.is_empty() {
            return None;
        }
        let now = format!("{ODD_SEPARATOR}{}", grouped(&self.any_spelling()));
        let later = self.odd_spellings();
        let both = if later.is_empty() {
            now
        } else {
            format!("({now}|-{})", grouped(&later))
        };
        Some(both)
    }
}

/// Adds parentheses if the pattern has several alternatives.
fn grouped(pattern: &str) -> String {
    if pattern.contains('|') {
        format!("({pattern})")
    } else {
        pattern.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::{ORDINARY, patterns};
    use crate::removed::{WRITTEN_BY_ENVOY, groups, headers};

    fn all() -> Vec<Regex> {
        let patterns = patterns();
        let whole = |pattern: &String| Regex::new(&format!("^(?:{pattern})$")).unwrap();
        patterns.iter().map(whole).collect()
    }

    /// `name` with another separator, in each place in turn and in all places.
    fn odd_spellings(name: &str) -> Vec<String> {
        let places: Vec<usize> = name.match_indices('-').map(|(at, _)| at).collect();
        let mut spellings = Vec::new();
        for separator in "!#$%&'*+.^_`|~".chars() {
            let separator = separator.to_string();
            let one = |at: &usize| format!("{}{separator}{}", &name[..*at], &name[at + 1..]);
            spellings.extend(places.iter().map(one));
            spellings.push(name.replace('-', &separator));
        }
        spellings.retain(|spelt| spelt != name);
        spellings
    }

    #[test]
    fn patterns_and_lines_match_every_odd_spelling() {
        let all = all();
        let has_line = |name: &str| {
            let spelt_out = groups().filter(|group| group.is_spelt_out());
            spelt_out
                .flat_map(|group| group.headers)
                .any(|header| header.covers(name))
        };
        let removes =
            |name: &str| has_line(name) || all.iter().any(|pattern| pattern.is_match(name));
        let written = WRITTEN_BY_ENVOY.map(str::to_owned);
        for name in headers()
            .flat_map(crate::removed::RemovedHeader::names)
            .chain(written)
        {
            for spelt in odd_spellings(&name) {
                assert!(removes(&spelt), "{spelt}");
            }
        }
    }

    #[test]
    fn patterns_match_proper_spellings_without_lines() {
        let all = all();
        for group in groups() {
            for name in group.headers.iter().flat_map(|header| header.names()) {
                let removed = all.iter().any(|pattern| pattern.is_match(&name));
                assert_eq!(removed, !group.is_spelt_out(), "{name}");
            }
        }
    }

    #[test]
    fn patterns_do_not_match_ordinary_names() {
        let all = all();
        for name in ORDINARY.iter().chain(&WRITTEN_BY_ENVOY) {
            let by: Vec<_> = all
                .iter()
                .filter(|pattern| pattern.is_match(name))
                .collect();
            assert!(by.is_empty(), "{name}: {by:?}");
        }
    }

    #[test]
    fn patterns_are_few() {
        assert!(patterns().len() <= 6, "{:#?}", patterns());
    }
}
