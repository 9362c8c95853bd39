//! Edits of this project's gateway, with the codes that lint must find. Some must find nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::code::Code;
use super::finding::Finding;
use super::findings;

mod authorization;
mod documentation;
mod files;
mod headers;
mod listed;
mod mutations;
mod paths;
mod routes;
mod shapes;

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const ROUTES: &str = "envoy/routes.yaml";
const LISTENERS: &str = "envoy/listeners.yaml";
const CLUSTERS: &str = "envoy/clusters.yaml";
const BOOTSTRAP: &str = "envoy/bootstrap.yaml";
const POLICY: &str = "policy.yaml";
/// The comment before the last route, where tests insert routes.
const LAST_ROUTE: &str = "          # Everything else, the services' /health included.";

/// One edit of one file.
struct Row {
    /// The code that the row tests.
    about: Code,
    file: &'static str,
    from: &'static str,
    to: String,
    /// All codes that lint must find.
    expected: Vec<Code>,
}

fn good(about: Code, file: &'static str, from: &'static str, to: &str) -> Row {
    Row {
        about,
        file,
        from,
        to: to.to_owned(),
        expected: Vec::new(),
    }
}

fn bad(about: Code, file: &'static str, from: &'static str, to: &str) -> Row {
    Row {
        expected: vec![about],
        ..good(about, file, from, to)
    }
}

/// An edit that adds a route, in YAML's flow style.
fn good_route(about: Code, route: &str) -> Row {
    good(
        about,
        ROUTES,
        LAST_ROUTE,
        &format!("          - {{name: extra, {route} }}\n{LAST_ROUTE}"),
    )
}

fn bad_route(about: Code, route: &str) -> Row {
    Row {
        expected: vec![about],
        ..good_route(about, route)
    }
}

impl Row {
    /// The same row, which must also find `code`.
    fn and(mut self, code: Code) -> Self {
        self.expected.push(code);
        self
    }
}

/// A copy of the gateway and of the development stack's policies.
struct Copy(tempfile::TempDir);

impl Copy {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("envoy")).unwrap();
        for file in [ROUTES, LISTENERS, CLUSTERS, BOOTSTRAP] {
            std::fs::copy(Path::new(REPOSITORY).join(file), folder.path().join(file)).unwrap();
        }
        std::fs::copy(
            Path::new(REPOSITORY).join("examples/policies/task-suite.yaml"),
            folder.path().join(POLICY),
        )
        .unwrap();
        Self(folder)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path(file), text).unwrap();
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let text = self.text(file);
        assert_eq!(
            text.matches(from).count(),
            1,
            "{file} has not exactly one {from:?}"
        );
        self.write(file, &text.replace(from, to));
    }

    fn findings(&self) -> BTreeSet<Finding> {
        findings(&self.path("envoy"), &self.path(POLICY))
    }
}

fn codes(findings: &BTreeSet<Finding>) -> BTreeSet<Code> {
    findings.iter().map(|finding| finding.code).collect()
}

fn rows() -> impl Iterator<Item = Row> {
    [
        files::rows(),
        routes::rows(),
        paths::rows(),
        headers::rows(),
        authorization::rows(),
    ]
    .into_iter()
    .flatten()
}

#[test]
fn shipped_gateway_has_no_findings() {
    assert_eq!(Copy::new().findings(), BTreeSet::new());
}

#[test]
fn shipped_gateway_with_every_option_has_no_findings() {
    let all = ["tls", "hsts", "upstream-tls", "tracing"];
    for options in all.iter().map(std::slice::from_ref).chain([all.as_slice()]) {
        let copy = Copy::new();
        let with = Path::new(REPOSITORY).join("envoy/with");
        let mut command = std::process::Command::new(with);
        let written = command
            .args(options)
            .arg("--into")
            .arg(copy.path("envoy"))
            .status()
            .unwrap();
        assert!(written.success(), "{options:?}");
        assert_eq!(copy.findings(), BTreeSet::new(), "{options:?}");
    }
}

#[test]
fn plain_envoy_example_has_no_findings() {
    let examples = Path::new(REPOSITORY).join("k8s/gateways");
    let found = findings(
        &examples.join("plain-envoy/envoy.yaml"),
        &examples.join("policy.yaml"),
    );
    assert_eq!(found, BTreeSet::new());
}

#[test]
fn edits_have_exactly_the_expected_findings() {
    let mut failures = Vec::new();
    for Row {
        file,
        from,
        to,
        expected,
        ..
    } in rows()
    {
        let copy = Copy::new();
        copy.edit(file, from, &to);
        let findings = copy.findings();
        if codes(&findings) != expected.iter().copied().collect() {
            failures.push(format!(
                "{file}: {from:?} -> {to:?}: expected {expected:?}, found {findings:#?}"
            ));
        }
        for Finding { place, .. } in &findings {
            assert!(Path::new(&place.file).exists(), "{place:?}");
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_code_has_a_finding_and_a_harmless_edit() {
    let about = |code: Code, found: bool| {
        rows().any(|row| row.about == code && row.expected.is_empty() != found)
    };
    let mutated = mutations::found();
    for code in Code::value_variants() {
        assert!(
            about(*code, true) || mutated.contains(code),
            "{code:?} has no row that finds it"
        );
        // For codes of the list, the mutations have the harmless edits.
        assert!(
            !about(*code, true) || about(*code, false),
            "{code:?} has no row that does not find it"
        );
    }
}
