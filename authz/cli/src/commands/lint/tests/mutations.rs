//! Structural edits of the shipped gateway, each with its expected codes or the reason why it is
//! harmless.
//!
//! `tests/gateway/tests/gateway/lint_tells_the_truth` tests the dangerous kinds with the real
//! Envoy.

use std::collections::BTreeSet;

use dev_stack::{Edit, GatewayFiles, Part};
use serde_json::{Value, json};

use super::{Copy, POLICY, codes};
use crate::commands::lint::code::Code;
use crate::commands::lint::finding::Finding;
use crate::commands::lint::source::Document;
use crate::commands::lint::{check_documents, policies};

mod bootstrap;
mod clusters;
mod filters;
mod listeners;
mod managers;
mod paths;
mod requests;
mod routes;

/// An edit with its expected findings.
struct Mutation {
    name: &'static str,
    part: Part,
    edit: Edit,
    expected: Expected,
}

enum Expected {
    /// Exactly these codes.
    Named(Vec<Code>),
    /// Nothing, for this reason.
    Harmless(&'static str),
}

fn named(name: &'static str, part: Part, edit: Edit, code: Code) -> Mutation {
    Mutation {
        name,
        part,
        edit,
        expected: Expected::Named(vec![code]),
    }
}

fn harmless(name: &'static str, part: Part, edit: Edit, why: &'static str) -> Mutation {
    Mutation {
        name,
        part,
        edit,
        expected: Expected::Harmless(why),
    }
}

impl Mutation {
    /// The same mutation, which must also find `code`.
    fn and(mut self, code: Code) -> Self {
        if let Expected::Named(codes) = &mut self.expected {
            codes.push(code);
        }
        self
    }
}

/// A message with its type.
fn any(type_name: &str, mut fields: Value) -> Value {
    fields["@type"] = format!("type.googleapis.com/{type_name}").into();
    fields
}

/// An extension with its name and type.
fn extension(type_name: &str, fields: Value) -> Value {
    json!({"name": "extra", "typed_config": any(type_name, fields)})
}

fn rows() -> Vec<Mutation> {
    let rows = [
        bootstrap::rows(),
        clusters::rows(),
        filters::rows(),
        listeners::rows(),
        managers::rows(),
        paths::rows(),
        requests::rows(),
        routes::rows(),
    ];
    rows.into_iter().flatten().collect()
}

/// All codes that a row expects.
pub(super) fn found() -> BTreeSet<Code> {
    let codes = rows().into_iter().filter_map(|row| match row.expected {
        Expected::Named(codes) => Some(codes),
        Expected::Harmless(_) => None,
    });
    codes.flatten().collect()
}

fn documents(files: GatewayFiles) -> Vec<Document> {
    let GatewayFiles {
        bootstrap,
        listener,
        table,
        clusters,
    } = files;
    let resources = |resources: Vec<Value>| json!({"resources": resources});
    let documents = [
        ("bootstrap.yaml", bootstrap),
        ("listeners.yaml", resources(vec![listener])),
        ("routes.yaml", resources(vec![table])),
        ("clusters.yaml", resources(clusters)),
    ];
    documents
        .map(|(file, value)| Document {
            file: file.to_owned(),
            value,
        })
        .into()
}

#[test]
fn mutations_have_exactly_the_expected_findings() {
    let mut failures = Vec::new();
    let shipped = GatewayFiles::shipped().unwrap();
    let policies = policies(&Copy::new().path(POLICY), &mut Vec::new()).unwrap();
    for Mutation {
        name,
        part,
        edit,
        expected,
    } in rows()
    {
        let mut files = shipped.clone();
        files
            .apply(part, &edit)
            .unwrap_or_else(|error| panic!("{name}: {error:#}"));
        let mut findings = Vec::new();
        check_documents("envoy", &documents(files), Some(&policies), &mut findings);
        let findings: BTreeSet<Finding> = findings.into_iter().collect();
        let expected: BTreeSet<Code> = match expected {
            Expected::Named(codes) => codes.into_iter().collect(),
            Expected::Harmless(why) => {
                assert!(why.len() > 10, "{name} gives no reason");
                BTreeSet::new()
            }
        };
        if codes(&findings) != expected {
            failures.push(format!(
                "{name}: expected {expected:?}, found {findings:#?}"
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn mutations_have_unique_names() {
    let all: Vec<&str> = rows().iter().map(|row| row.name).collect();
    let names: BTreeSet<&str> = all.iter().copied().collect();
    assert_eq!(names.len(), all.len(), "two rows have one name");
    assert!(all.len() >= 150, "{} rows", all.len());
}
