//! Compares the list of removed headers with the files generated from it. `WRITE_PAGES=1` writes
//! the files.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

use std::fmt::Write as _;
use std::path::PathBuf;

use portcullis_conformance::removed::{self, Group, RemovedHeader, Says};

/// Maximum length of a line, where a regular expression can be broken.
const WIDTH: usize = 110;

/// Generated lines of a file.
struct Place {
    file: &'static str,
    /// The lines before and after them, in the format of the file.
    marks: [&'static str; 2],
    lines: fn() -> Vec<String>,
}

const PLACES: [Place; 5] = [
    Place {
        file: "envoy/listeners.yaml",
        marks: YAML,
        lines: envoy_mutations,
    },
    Place {
        file: "k8s/gateways/plain-envoy/envoy.yaml",
        marks: YAML,
        lines: envoy_mutations,
    },
    Place {
        file: "k8s/gateways/istio/envoy-filters.yaml",
        marks: YAML,
        lines: envoy_mutations,
    },
    Place {
        file: "k8s/gateways/envoy-gateway/gateway.yaml",
        marks: YAML,
        lines: gateway_matchers,
    },
    Place {
        file: "docs/identity-headers.md",
        marks: MARKDOWN,
        lines: table,
    },
];
const YAML: [&str; 2] = [
    "# The names of docs/identity-headers.md, written by make generate:",
    "# (end of the names)",
];
const MARKDOWN: [&str; 2] = ["<!-- written by make generate -->", "<!-- end -->"];

fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(name)
}

/// Headers with a line of their own.
fn spelt_out() -> impl Iterator<Item = RemovedHeader> {
    removed::groups()
        .filter(|group| group.is_spelt_out())
        .flat_map(|group| group.headers)
        .copied()
}

fn envoy_mutations() -> Vec<String> {
    let line = |header: RemovedHeader| {
        let text = header.text();
        if header.is_prefix() {
            format!("- {{remove_on_match: {{key_matcher: {{prefix: {text}, ignore_case: true}}}}}}")
        } else {
            format!("- {{remove: {text}}}")
        }
    };
    let of = |pattern: &String| {
        broken(
            "- {remove_on_match: {key_matcher: {safe_regex: {regex: \"",
            pattern,
            "\"}}}}",
        )
    };
    spelt_out()
        .map(line)
        .chain(removed::patterns().iter().flat_map(of))
        .collect()
}

fn gateway_matchers() -> Vec<String> {
    let line = |header: RemovedHeader| {
        let kind = if header.is_prefix() {
            "Prefix"
        } else {
            "Exact"
        };
        format!("- {{type: {kind}, value: {}}}", header.text())
    };
    let of = |pattern: &String| broken("- {type: RegularExpression, value: \"", pattern, "\"}");
    spelt_out()
        .map(line)
        .chain(removed::patterns().iter().flat_map(of))
        .collect()
}

/// Breaks an expression into lines. A backslash at the end of a line of a double-quoted YAML scalar
/// joins it with the next line (YAML 1.2.2 §7.3.1).
fn broken(before: &str, pattern: &str, after: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = before.to_owned();
    for part in pattern.split_inclusive('|') {
        if line.len() + part.len() > WIDTH {
            lines.push(format!(
                "{}\\",
                std::mem::replace(&mut line, "  ".to_owned())
            ));
        }
        line.push_str(part);
    }
    lines.push(format!("{line}{after}"));
    lines
}

fn table() -> Vec<String> {
    let mut lines = Vec::new();
    for (says, title) in [
        (Says::Identity, "Who calls"),
        (Says::Routing, "Which path, host or method"),
        (Says::Address, "Which address the client has"),
    ] {
        lines.extend([
            format!("### {title}"),
            String::new(),
            "| set by | headers |".into(),
            "|---|---|".into(),
        ]);
        lines.extend(
            removed::groups()
                .filter(|group| group.says == says)
                .map(row),
        );
        lines.push(String::new());
    }
    lines
}

fn row(group: &Group) -> String {
    let shown = |header: &RemovedHeader| {
        let rest = if header.is_prefix() { "*" } else { "" };
        format!("`{}{rest}`", header.text())
    };
    let headers: Vec<String> = group.headers.iter().map(shown).collect();
    let Group { of, page, .. } = group;
    let of = if page.is_empty() {
        (*of).to_owned()
    } else {
        format!("[{of}]({page})")
    };
    format!("| {of} | {} |", headers.join(", "))
}

/// Replaces the lines between the marks of `text`, with the indentation of the first mark.
fn rewritten(name: &str, text: &str, [begin, end]: [&str; 2], lines: &[String]) -> String {
    let (before, rest) = text
        .split_once(begin)
        .unwrap_or_else(|| panic!("{name} has no {begin:?}"));
    let (_, after) = rest
        .split_once(end)
        .unwrap_or_else(|| panic!("{name} has no {end:?}"));
    let indent: String = before
        .chars()
        .rev()
        .take_while(|character| *character == ' ')
        .collect();
    let mut written = format!("{before}{begin}\n");
    for line in lines {
        let indent = if line.is_empty() { "" } else { &indent };
        writeln!(written, "{indent}{line}").unwrap();
    }
    format!("{written}{indent}{end}{after}")
}

#[test]
fn files_show_the_list() {
    let mut stale = Vec::new();
    for Place { file, marks, lines } in PLACES {
        let text =
            std::fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let written = rewritten(file, &text, marks, &lines());
        if std::env::var_os("WRITE_PAGES").is_some() {
            std::fs::write(path(file), written).unwrap();
        } else if text != written {
            stale.push(file);
        }
    }
    assert!(
        stale.is_empty(),
        "{stale:?} differ from authz/conformance/src/removed; run: make generate"
    );
}
