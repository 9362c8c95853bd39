//! `portcullis check`: everything that is wrong with policy documents, by the code that the server loads them with.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use portcullis_policy::{PolicyProblem, PolicyProblems};
use serde_json::json;

use crate::policy_source::PolicyText;

/// Arguments of `portcullis check`.
#[derive(Clone, Debug, clap::Args)]
pub struct CheckArguments {
    /// Files, or folders of files, that make one set of policies.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How problems are printed.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Format {
    /// Lines, for people.
    Text,
    /// A JSON array of objects, for programs.
    Json,
}

/// Prints what is wrong. Exit code 0: nothing; 1: something.
#[must_use]
pub fn check(arguments: &CheckArguments) -> ExitCode {
    let checked = PolicyText::read(arguments.files.iter().map(PathBuf::as_path)).and_then(|text| text.compile());
    let problems = checked.err().map(|PolicyProblems(problems)| problems).unwrap_or_default();
    let text = match arguments.format {
        Format::Text if problems.is_empty() => "no problems\n".to_owned(),
        Format::Text => PolicyProblems(problems.clone()).lines().join("\n") + "\n",
        Format::Json => format!("{}\n", problems.iter().map(describe).collect::<serde_json::Value>()),
    };
    // A closed pipe does not change the verdict.
    let _written = stdout().write_all(text.as_bytes());
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn describe(PolicyProblem { source, document, path, problem }: &PolicyProblem) -> serde_json::Value {
    json!({ "source": source, "document": document, "path": path, "problem": problem })
}
