//! From text to typed documents, with every error at once.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::problem::PolicyProblem;
use crate::spec::{API_VERSION, DenyListSpec, Document, RoutePolicySpec, TokenIssuerSpec};

/// More errors than this in one document are noise.
const MAX_PROBLEMS: usize = 50;
pub(crate) const KINDS: [&str; 3] = ["TokenIssuer", "RoutePolicy", "DenyList"];

/// A document with what errors call it.
#[derive(Debug)]
pub(crate) struct Named<Spec> {
    pub(crate) source: String,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) spec: Spec,
}

/// All documents of all files.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    pub(crate) issuers: Vec<Named<TokenIssuerSpec>>,
    pub(crate) policies: Vec<Named<RoutePolicySpec>>,
    pub(crate) deny_lists: Vec<Named<DenyListSpec>>,
}

impl<Spec> Named<Spec> {
    pub(crate) fn problem(&self, path: &str, problem: impl Into<String>) -> PolicyProblem {
        PolicyProblem {
            source: self.source.clone(),
            document: Some(format!("{} {}", self.kind, self.name)),
            path: Some(path.to_owned()),
            problem: problem.into(),
        }
    }
}

impl Documents {
    /// Adds the documents of one file, and to `problems` what is wrong with them.
    pub(crate) fn read(&mut self, source: &str, text: &str, problems: &mut Vec<PolicyProblem>) {
        let place = |document, path, problem| PolicyProblem { source: source.to_owned(), document, path, problem };
        // The parser refuses duplicate keys and bounds aliases by itself, and its message has line and column.
        let values: Vec<Value> = match serde_saphyr::from_multiple(text) {
            Ok(values) => values,
            Err(error) => return problems.push(place(None, None, format!("is not YAML: {error}"))),
        };
        for (index, value) in values.into_iter().enumerate().filter(|(_, value)| !value.is_null()) {
            let kind = value.get("kind").and_then(Value::as_str);
            match kind {
                Some("TokenIssuer") => self.issuers.extend(typed(source, "TokenIssuer", index, value, problems)),
                Some("RoutePolicy") => self.policies.extend(typed(source, "RoutePolicy", index, value, problems)),
                Some("DenyList") => self.deny_lists.extend(typed(source, "DenyList", index, value, problems)),
                _ => {
                    let hint = kind.map_or_else(String::new, |kind| did_you_mean(kind, &KINDS));
                    let problem = format!("is none of {}{hint}", KINDS.join(", "));
                    problems.push(place(Some(format!("document {}", index + 1)), Some("kind".to_owned()), problem));
                }
            }
        }
    }
}

fn typed<Spec: DeserializeOwned>(
    source: &str,
    kind: &'static str,
    index: usize,
    value: Value,
    problems: &mut Vec<PolicyProblem>,
) -> Option<Named<Spec>> {
    let name = value
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .map_or_else(|| format!("(document {})", index + 1), str::to_owned);
    match every_error::<Document<Spec>>(value) {
        Ok(document) => {
            Some(Named { source: source.to_owned(), name: document.metadata.name, kind, spec: document.spec })
        }
        Err(found) => {
            problems.extend(found.into_iter().map(|(path, problem)| PolicyProblem {
                source: source.to_owned(),
                document: Some(format!("{kind} {name}")),
                path: Some(path),
                problem,
            }));
            None
        }
    }
}

/// serde stops at the first error. This parses again without the offending member until none is left, so that a person fixes all in one go.
fn every_error<T: DeserializeOwned>(mut value: Value) -> Result<T, Vec<(String, String)>> {
    let mut found: Vec<(String, String)> = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(parsed) if found.is_empty() => return Ok(parsed),
            Ok(_) => return Err(found),
            Err(error) => error,
        };
        let path = error.path().to_string();
        let message = error.inner().to_string();
        // A member that was taken away below is now "missing": that is not the user's error.
        if !found.iter().any(|(known, _)| path_of_missing(&path, &message).is_some_and(|missing| *known == missing)) {
            found.push((path.clone(), explain(&message)));
        }
        if found.len() >= MAX_PROBLEMS || !remove(&mut value, &path) {
            return Err(found);
        }
    }
}

fn path_of_missing(path: &str, message: &str) -> Option<String> {
    let field = message.strip_prefix("missing field `")?.split('`').next()?;
    Some(if path == "." { field.to_owned() } else { format!("{path}.{field}") })
}

/// Takes away what `path` (`spec.allow[0].callers`) leads to; false when that changes nothing.
fn remove(value: &mut Value, path: &str) -> bool {
    let pointer = format!("/{}", path.replace('[', ".").replace(']', "").replace('.', "/"));
    let Some((parent, last)) = pointer.rsplit_once('/') else { return false };
    match value.pointer_mut(parent) {
        Some(Value::Object(members)) => members.remove(last).is_some(),
        Some(Value::Array(items)) => match last.parse::<usize>() {
            Ok(index) if index < items.len() => {
                items.remove(index);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

/// serde's messages quote what is expected in backticks; the closest of those is most likely what was meant.
fn explain(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let Some(given) = quoted.next() else { return message.to_owned() };
    if message.starts_with("unknown variant") && quoted.clone().eq([API_VERSION]) {
        return format!("'{given}' is not supported; write {API_VERSION}");
    }
    if !message.starts_with("unknown ") {
        return message.to_owned();
    }
    let expected: Vec<&str> = quoted.collect();
    format!("{message}{}", did_you_mean(given, &expected))
}

/// The ending of a message about `given`: the closest of what was expected, if it is close.
#[must_use]
pub fn did_you_mean(given: &str, expected: &[&str]) -> String {
    const CLOSE: f64 = 0.8;
    let closeness = |candidate: &&&str| strsim::jaro_winkler(&given.to_lowercase(), &candidate.to_lowercase());
    let best = expected.iter().max_by(|left, right| closeness(left).total_cmp(&closeness(right)));
    best.filter(|best| closeness(best) >= CLOSE).map_or_else(String::new, |best| format!("; did you mean {best}?"))
}
