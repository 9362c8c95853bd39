//! `portcullis explain`: why the gate says what it says, rule by rule.

mod record;
mod text;
mod token;

use std::io::{Read, Write, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use portcullis_policy::PolicySet;
use portcullis_runtime::{OutboundSettings, http_client};

use crate::policy_source::PolicyText;

/// Arguments of `portcullis explain`.
#[derive(Clone, Debug, clap::Args)]
pub struct ExplainArguments {
    /// File, or folder of files, of policy documents.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The RoutePolicy to explain [default: the one that a decision record names].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The request's method.
    #[arg(long, value_name = "METHOD", default_value = "GET")]
    method: String,
    /// Fetches the issuer's keys and checks the token's signature too.
    #[arg(long)]
    check_signature: bool,
    /// File with a token, an Authorization line, or a decision record of the log [default: standard
    /// input].
    #[arg(value_name = "FILE")]
    input: Option<PathBuf>,
    /// How issuers are called.
    #[command(flatten)]
    outbound: OutboundSettings,
}

/// A token, or a line of the log with its parts around it.
const LARGEST_INPUT: u64 = 256 * 1024;
/// Exit code of what cannot be explained, as for settings.
const UNUSABLE: u8 = 64;

/// Prints each rule, what it needs, what came, and the verdict. Never the token. Exit code 0:
/// explained; 64: it could not be.
#[must_use]
pub fn explain(arguments: &ExplainArguments) -> ExitCode {
    match run(arguments) {
        Ok(text) => {
            // A closed pipe does not change what was found.
            let _written = stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("portcullis: {error:#}");
            UNUSABLE.into()
        }
    }
}

fn run(arguments: &ExplainArguments) -> anyhow::Result<String> {
    let policies =
        PolicyText::read([arguments.policy.as_path()]).and_then(|text| text.compile())?;
    let input = read(arguments.input.as_deref())?;
    let input = input.trim();
    ensure!(
        !input.is_empty(),
        "there is nothing to explain; give a token or a decision record, in a file or on standard input"
    );
    if input.starts_with('{') {
        return record::explain(&policies, arguments.name.as_deref(), input);
    }
    let token = input.strip_prefix("Authorization:").unwrap_or(input).trim();
    let line = if token.contains(' ') {
        token.to_owned()
    } else {
        format!("Bearer {token}")
    };
    let name = name_of(&policies, arguments.name.as_deref())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let asked = token::Asked {
        line: &line,
        method: &arguments.method,
    };
    runtime.block_on(async {
        let http = arguments
            .check_signature
            .then(|| http_client(&arguments.outbound))
            .transpose()?;
        token::explain(policies, &name, &asked, http.as_ref()).await
    })
}

/// The policy's name, which need not be given if there is only one.
fn name_of(policies: &PolicySet, given: Option<&str>) -> anyhow::Result<String> {
    let names: Vec<&str> = policies
        .policies()
        .map(|policy| policy.name.as_str())
        .collect();
    match (given, names.as_slice()) {
        (Some(name), _) if names.contains(&name) => Ok(name.to_owned()),
        (Some(name), _) => bail!(
            "--name: there is no RoutePolicy '{name}'; there is: {}",
            names.join(", ")
        ),
        (None, [name]) => Ok((*name).to_owned()),
        (None, _) => bail!(
            "--name: say which RoutePolicy to explain: {}",
            names.join(", ")
        ),
    }
}

fn read(file: Option<&Path>) -> anyhow::Result<String> {
    let mut text = String::new();
    match file {
        Some(path) => {
            let file = std::fs::File::open(path)
                .with_context(|| format!("{}: cannot be read", path.display()))?;
            file.take(LARGEST_INPUT)
                .read_to_string(&mut text)
                .with_context(|| format!("{}: is no text", path.display()))?;
        }
        None => {
            stdin()
                .take(LARGEST_INPUT)
                .read_to_string(&mut text)
                .context("standard input: is no text")?;
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
