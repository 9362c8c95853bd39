//! `portcullis schema`: the JSON Schema of policy documents.

use std::process::ExitCode;

/// Prints the JSON Schema of policy documents.
#[must_use]
pub fn schema() -> ExitCode {
    portcullis_runtime::print(&schema_text());
    ExitCode::SUCCESS
}

pub(crate) fn schema_text() -> String {
    format!("{:#}\n", portcullis_policy::schema())
}
