//! Parses YAML into typed documents, and reports all errors at once.

mod bad_value;
mod mistake;
mod pointer;
mod suggestion;
mod typed;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::problem::PolicyError;
use crate::spec::{DenyListSpec, Document, DocumentSpec, RoutePolicySpec, TokenIssuerSpec};
use crate::yaml::{Place, Places, YamlDocument, documents, duplicate_key};
use mistake::Mistake;
pub use suggestion::did_you_mean;
use typed::{Typed, typed};

const KINDS: [&str; 3] = [
    TokenIssuerSpec::KIND,
    RoutePolicySpec::KIND,
    DenyListSpec::KIND,
];

/// A document with its name and places for policy errors.
#[derive(Debug)]
pub(crate) struct Named<Spec> {
    pub(crate) source: String,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) spec: Spec,
    places: Places,
    /// Paths of bad members, and of the members that they were probably meant to be. Errors that
    /// follow from them are not reported.
    bad: Vec<String>,
}

/// All documents of all files.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    pub(crate) issuers: Vec<Named<TokenIssuerSpec>>,
    pub(crate) policies: Vec<Named<RoutePolicySpec>>,
    pub(crate) deny_lists: Vec<Named<DenyListSpec>>,
    /// Whether a document that others may refer to could not be read.
    pub(crate) unread: bool,
}

impl<Spec> Named<Spec> {
    /// A policy error about the field `path`.
    pub(crate) fn problem(&self, path: &str, problem: impl Into<String>) -> PolicyError {
        let path = self.places.as_written(path);
        PolicyError {
            source: self.source.clone(),
            place: self.places.nearest(&path),
            document: Some(format!("{} {}", self.kind, self.name)),
            path: Some(path),
            problem: problem.into(),
        }
    }

    /// Whether `problem` is about a bad member, or a field inside or around one.
    pub(crate) fn follows_from_bad_member(&self, problem: &PolicyError) -> bool {
        let Some(path) = &problem.path else {
            return false;
        };
        self.bad
            .iter()
            .any(|bad| is_within(path, bad) || is_within(bad, path))
    }

    /// `file:line:column` of the document's name.
    pub(crate) fn place_of_name(&self) -> String {
        match self.places.nearest("metadata.name") {
            Some(Place { line, column }) => format!("{}:{line}:{column}", self.source),
            None => self.source.clone(),
        }
    }
}

fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

impl Documents {
    /// Adds the documents of one file, and their policy errors to `problems`.
    pub(crate) fn read(&mut self, source: &str, text: &str, problems: &mut Vec<PolicyError>) {
        for (index, document) in documents(text).into_iter().enumerate() {
            match document {
                Ok(document) => self.add(
                    Origin {
                        source,
                        number: index + 1,
                    },
                    document,
                    problems,
                ),
                Err(error) => {
                    self.unread = true;
                    let problem =
                        PolicyError::of_file(source, format!("is not YAML: {}", error.problem));
                    problems.push(PolicyError {
                        place: error.place,
                        ..problem
                    });
                }
            }
        }
    }

    fn add(&mut self, origin: Origin<'_>, document: YamlDocument, problems: &mut Vec<PolicyError>) {
        if let Some((path, place)) = document
            .duplicates
            .iter()
            .find(|(path, _)| !path.contains('.'))
        {
            self.unread = true;
            let problem = format!(
                "'{path}' is here a second time in one document; \
                 write a line --- between two documents, or keep one of them"
            );
            problems.push(origin.problem(Some(*place), path, problem));
            return;
        }
        problems.extend(document.duplicates.iter().map(|(path, place)| {
            let key = path.rsplit('.').next().unwrap_or(path);
            origin.problem(Some(*place), path, duplicate_key(key))
        }));
        match document.value.get("kind").and_then(Value::as_str) {
            Some(TokenIssuerSpec::KIND) => {
                let issuer = named(origin, document, problems);
                self.unread |= issuer.is_none();
                self.issuers.extend(issuer);
            }
            Some(RoutePolicySpec::KIND) => self.policies.extend(named(origin, document, problems)),
            Some(DenyListSpec::KIND) => self.deny_lists.extend(named(origin, document, problems)),
            kind => {
                self.unread = true;
                let hint = kind.map_or_else(String::new, |kind| did_you_mean(kind, &KINDS));
                let problem = format!("must be one of {}{hint}", KINDS.join(", "));
                problems.push(origin.problem(document.places.nearest("kind"), "kind", problem));
            }
        }
    }

    /// Reports documents of one kind that have the same name.
    pub(crate) fn check_names(&self, problems: &mut Vec<PolicyError>) {
        check_names(&self.issuers, problems);
        check_names(&self.policies, problems);
    }
}

fn check_names<Spec>(documents: &[Named<Spec>], problems: &mut Vec<PolicyError>) {
    let mut places = BTreeMap::new();
    for document in documents {
        let Named { name, kind, .. } = document;
        match places.get(name) {
            None => {
                places.insert(name, document.place_of_name());
            }
            Some(first) => {
                let problem = format!(
                    "another {kind} has the same name '{name}', at {first}; rename one of them"
                );
                problems.push(document.problem("metadata.name", problem));
            }
        }
    }
}

/// A document whose name was not read yet: its file, and its number from 1.
#[derive(Clone, Copy)]
struct Origin<'a> {
    source: &'a str,
    number: usize,
}

impl Origin<'_> {
    fn problem(self, place: Option<Place>, path: &str, problem: String) -> PolicyError {
        PolicyError {
            place,
            document: Some(format!("document {}", self.number)),
            path: Some(path.to_owned()),
            ..PolicyError::of_file(self.source, problem)
        }
    }
}

fn named<Spec: DocumentSpec>(
    origin: Origin<'_>,
    document: YamlDocument,
    problems: &mut Vec<PolicyError>,
) -> Option<Named<Spec>> {
    let YamlDocument {
        value, mut places, ..
    } = document;
    let name = value
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .map_or_else(|| format!("(document {})", origin.number), str::to_owned);
    let Typed {
        document,
        mistakes,
        bad,
    } = typed(value, &mut places);
    problems.extend(
        mistakes
            .into_iter()
            .map(|Mistake { path, problem, .. }| PolicyError {
                source: origin.source.to_owned(),
                place: places.nearest(&path),
                document: Some(format!("{} {name}", Spec::KIND)),
                path: Some(path),
                problem,
            }),
    );
    let Document { metadata, spec } = document?;
    Some(Named {
        source: origin.source.to_owned(),
        name: metadata.name,
        kind: Spec::KIND,
        spec,
        places,
        bad,
    })
}
