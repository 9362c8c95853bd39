//! Names of fields in errors, and their paths in the file.

use std::fmt;

/// A field of the directory file.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// As errors name it: users and groups by their names.
    shown: String,
    /// As the parser names it: users and groups by their indexes.
    path: String,
}

/// A contradiction in the directory file.
#[derive(Debug)]
pub(in crate::directory) struct Contradiction {
    /// The path of the field, such as `users[0].tenant`.
    pub(in crate::directory) path: String,
    /// The field, what is wrong with it, and what to do.
    pub(in crate::directory) text: String,
}

impl Field {
    /// A field at the top of the file.
    pub(super) fn top(name: &str) -> Self {
        Self {
            shown: name.to_owned(),
            path: name.to_owned(),
        }
    }

    /// An element of a sequence at the top of the file, which errors call `name`.
    pub(super) fn named(sequence: &str, index: usize, name: &str) -> Self {
        Self {
            shown: format!("{sequence}.{name}"),
            path: format!("{sequence}[{index}]"),
        }
    }

    /// A field of this one.
    pub(super) fn member(&self, name: &str) -> Self {
        Self {
            shown: format!("{self}.{name}"),
            path: format!("{}.{name}", self.path),
        }
    }

    /// An element of this field, which errors call `name`.
    pub(super) fn element(&self, index: usize, name: &str) -> Self {
        Self {
            shown: format!("{self}.{name}"),
            path: format!("{}[{index}]", self.path),
        }
    }

    /// The contradiction at this field.
    pub(super) fn is_wrong(&self, problem: &str) -> Contradiction {
        Contradiction {
            path: self.path.clone(),
            text: format!("{self}: {problem}"),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}
