use std::collections::{BTreeMap, BTreeSet};

use super::Place;

/// The places of a document's fields, by path, such as `spec.allow[0].callers`.
#[derive(Debug, Default)]
pub struct Places {
    places: BTreeMap<String, Place>,
    /// Indexes of removed elements, by the path of their sequence. They move the elements behind.
    removed: BTreeMap<String, BTreeSet<usize>>,
}

impl Places {
    pub(super) fn insert(&mut self, path: String, place: Place) {
        self.places.insert(path, place);
    }

    /// The place of `path`, or of the nearest existing field around it.
    ///
    /// A missing field has no place.
    #[must_use]
    pub fn nearest(&self, path: &str) -> Option<Place> {
        let mut path = path;
        loop {
            if let Some(place) = self.places.get(path) {
                return Some(*place);
            }
            let Some(end) = path.rfind(['.', '[']) else {
                return self.places.values().min().copied();
            };
            path = path.get(..end)?;
        }
    }

    /// Notes that the element at `path`, as written, was removed.
    pub(crate) fn remove_element(&mut self, path: &str) {
        if let Some((sequence, index)) = split_index(path) {
            self.removed
                .entry(sequence.to_owned())
                .or_default()
                .insert(index);
        }
    }

    /// The path as written of `path`, which is a path in the document without removed elements.
    pub(crate) fn as_written(&self, path: &str) -> String {
        let mut written = String::new();
        for part in path.split_inclusive(']') {
            match split_index(part) {
                Some((name, index)) => {
                    written.push_str(name);
                    let index = self.index_as_written(&written, index);
                    written = element(&written, index);
                }
                None => written.push_str(part),
            }
        }
        written
    }

    fn index_as_written(&self, sequence: &str, index: usize) -> usize {
        let removed = self.removed.get(sequence);
        removed.into_iter().flatten().fold(
            index,
            |index, removed| if *removed <= index { index + 1 } else { index },
        )
    }
}

/// Splits a path that ends with an index.
fn split_index(path: &str) -> Option<(&str, usize)> {
    let (sequence, index) = path.strip_suffix(']')?.rsplit_once('[')?;
    Some((sequence, index.parse().ok()?))
}

/// The path of a member.
pub(crate) fn member(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// The path of an element.
pub(crate) fn element(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}
