//! Which field of a body or a query was wrong, so that a form can mark it.

use std::error::Error;

/// The field that `rejection` is about, when serde's format error is of type `E`.
pub(crate) fn rejected_field<E: Error + 'static>(rejection: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(rejection);
    let cause = loop {
        let error = next?;
        match error.downcast_ref::<serde_path_to_error::Error<E>>() {
            Some(found) => break found,
            None => next = error.source(),
        }
    };
    let path = cause.path().to_string();
    if path != "." {
        return Some(path);
    }
    // A missing, unknown or doubled field has no value, and so no path; serde writes its name between backticks, first of all.
    let text = cause.inner().to_string();
    let (kind, rest) = text.split_once('`')?;
    let is_about_a_field = ["missing field ", "unknown field ", "duplicate field "].contains(&kind);
    rest.split_once('`').filter(|_| is_about_a_field).map(|(name, _)| name.to_owned())
}
