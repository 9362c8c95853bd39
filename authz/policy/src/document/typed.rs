//! Parses a value into a typed document, and reports all errors at once.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::spec::API_VERSION;
use crate::yaml::Places;

/// Most errors that are reported of one document; more are noise.
const MAX_PROBLEMS: usize = 50;

/// The readable part of a document, and the mistakes in the rest.
pub(super) struct Typed<T> {
    /// The document without its bad members; `None` if too little is left.
    pub(super) document: Option<T>,
    /// Path, as written, and error of each bad member.
    pub(super) mistakes: Vec<(String, String)>,
}

/// Parses `value` as often as needed to find all mistakes.
///
/// serde stops at the first error. This removes the bad member and parses again until there is no
/// error, so that a user can correct all mistakes at once.
pub(super) fn typed<T: DeserializeOwned>(mut value: Value, places: &mut Places) -> Typed<T> {
    let mut mistakes: Vec<(String, String)> = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(document) => {
                return Typed {
                    document: Some(document),
                    mistakes,
                };
            }
            Err(error) => error,
        };
        let path = error.path().to_string();
        let written = places.as_written(&path);
        let message = error.inner().to_string();
        // A member that was removed below is now "missing", which is no mistake of the user.
        let missing = path_of_missing(&written, &message);
        if !mistakes
            .iter()
            .any(|(bad, _)| Some(bad) == missing.as_ref())
        {
            mistakes.push((written.clone(), explain(&message)));
        }
        if mistakes.len() >= MAX_PROBLEMS || !remove(&mut value, &path) {
            return Typed {
                document: None,
                mistakes,
            };
        }
        places.remove_element(&written);
    }
}

/// The path of the missing field that serde's `message` about `path` names.
fn path_of_missing(path: &str, message: &str) -> Option<String> {
    let field = message.strip_prefix("missing field `")?.split('`').next()?;
    Some(if path == "." {
        field.to_owned()
    } else {
        format!("{path}.{field}")
    })
}

/// Removes the member at `path` (`spec.allow[0].callers`); false if there is none.
fn remove(value: &mut Value, path: &str) -> bool {
    let pointer = format!(
        "/{}",
        path.replace('[', ".").replace(']', "").replace('.', "/")
    );
    let Some((parent, last)) = pointer.rsplit_once('/') else {
        return false;
    };
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

/// serde's message, with the expected name that is closest to the given one.
///
/// serde quotes the given name and then the expected ones in backticks.
fn explain(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let Some(given) = quoted.next() else {
        return message.to_owned();
    };
    if message.starts_with("unknown variant") && quoted.clone().eq([API_VERSION]) {
        return format!("'{given}' is not supported; write {API_VERSION}");
    }
    if !message.starts_with("unknown ") {
        return message.to_owned();
    }
    let expected: Vec<&str> = quoted.collect();
    format!("{message}{}", did_you_mean(given, &expected))
}

/// The end of an error about `given`: the closest expected name, if it is close enough.
#[must_use]
pub fn did_you_mean(given: &str, expected: &[&str]) -> String {
    closest(given, expected).map_or_else(String::new, |best| format!("; did you mean {best}?"))
}

fn closest<'a>(given: &str, expected: &[&'a str]) -> Option<&'a str> {
    const CLOSE: f64 = 0.8;
    let closeness =
        |candidate: &&str| strsim::jaro_winkler(&given.to_lowercase(), &candidate.to_lowercase());
    let best = expected
        .iter()
        .copied()
        .max_by(|left, right| closeness(left).total_cmp(&closeness(right)));
    best.filter(|best| closeness(best) >= CLOSE)
}

/// The path of the member that the unknown one at `path` was probably meant to be.
///
/// `message` is the result of [`explain`].
pub(super) fn path_of_meant(path: &str, message: &str) -> Option<String> {
    let meant = message
        .rsplit_once("; did you mean ")?
        .1
        .strip_suffix('?')?;
    let path = path.rsplit_once('.').map_or_else(
        || meant.to_owned(),
        |(parent, _)| format!("{parent}.{meant}"),
    );
    message.starts_with("unknown field").then_some(path)
}
