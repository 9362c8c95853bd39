//! Parses a value into a typed document, and reports all mistakes at once.

use std::collections::HashSet;

use serde_json::Value;

use super::mistake::Mistake;
use super::pointer::{field_path, remove_all};
use crate::spec::{Document, DocumentSpec};
use crate::yaml::Places;

/// Most mistakes that are reported of one document; more are noise.
const MOST_MISTAKES: usize = 50;

/// The readable part of a document, and the mistakes in the rest. Their paths are as written.
pub(super) struct Typed<Spec> {
    /// The document without its bad members; `None` if too little is left.
    pub(super) document: Option<Document<Spec>>,
    pub(super) mistakes: Vec<Mistake>,
    /// Paths of the bad members, and of the members that they were probably meant to be.
    pub(super) bad: Vec<String>,
}

/// Parses `value`, and parses it again without its bad members.
///
/// So the rest of a document is compiled, and a user can correct all mistakes at once.
pub(super) fn typed<Spec: DocumentSpec>(mut value: Value, places: &mut Places) -> Typed<Spec> {
    let mut typed = Typed {
        document: None,
        mistakes: Vec::new(),
        bad: Vec::new(),
    };
    while typed.mistakes.len() < MOST_MISTAKES {
        let mistakes = match parse(&value) {
            Ok(document) => {
                typed.document = Some(document);
                break;
            }
            Err(mistakes) => mistakes,
        };
        let bad: HashSet<String> = mistakes
            .iter()
            .map(|mistake| mistake.bad.as_str().to_owned())
            .collect();
        let paths = bad
            .iter()
            .map(|pointer| places.as_written(&field_path(&value, pointer)))
            .collect();
        typed.add(mistakes, places);
        typed.remove(paths, places);
        if !remove_all(&mut value, &bad) {
            break;
        }
    }
    typed
}

fn parse<Spec: DocumentSpec>(value: &Value) -> Result<Document<Spec>, Vec<Mistake>> {
    let schema = Spec::schema();
    let against_schema: Vec<Mistake> = schema
        .errors(value)
        .iter()
        .flat_map(|error| Mistake::against_schema(error, value, schema))
        .take(MOST_MISTAKES)
        .collect();
    if against_schema.is_empty() {
        serde_path_to_error::deserialize(value)
            .map_err(|error| vec![Mistake::of_parser(&error, value)])
    } else {
        Err(against_schema)
    }
}

impl<Spec> Typed<Spec> {
    /// Adds `mistakes`, found in a document without the members that are bad already.
    ///
    /// A field is missing if it was removed, or if a misspelled one was meant to be it. That is no
    /// second mistake.
    fn add(&mut self, mistakes: Vec<Mistake>, places: &Places) {
        let mistakes: Vec<Mistake> = mistakes
            .into_iter()
            .map(|mistake| mistake.with_written_paths(places))
            .collect();
        self.bad
            .extend(mistakes.iter().filter_map(|mistake| mistake.meant.clone()));
        let own = mistakes
            .into_iter()
            .filter(|mistake| !mistake.is_missing || !self.bad.contains(&mistake.path));
        self.mistakes.extend(own);
        self.mistakes.truncate(MOST_MISTAKES);
    }

    /// Notes that the members at `paths` were removed.
    fn remove(&mut self, paths: Vec<String>, places: &mut Places) {
        for path in &paths {
            places.remove_element(path);
        }
        self.bad.extend(paths);
    }
}
