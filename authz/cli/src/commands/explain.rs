//! `portcullis explain`: explains a decision, rule by rule.

mod record;
mod text;
mod token;

use std::io::{Read, stdin};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use portcullis_policy::PolicySet;
use portcullis_runtime::{EXIT_INVALID, OutboundSettings, http_client};

use portcullis_server::PolicyText;

/// Arguments of `portcullis explain`.
#[derive(Clone, Debug, clap::Args)]
pub struct ExplainArguments {
    /// File, or folder of files, of policy documents.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// RoutePolicy to explain [default: the one in the decision record, or the only one].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Method of the request.
    #[arg(long, value_name = "METHOD", default_value = "GET")]
    method: String,
    /// Also fetch the issuer's keys and verify the token's signature.
    #[arg(long)]
    check_signature: bool,
    /// File with a token, an Authorization header, or a decision record of the log [default:
    /// standard input].
    #[arg(value_name = "FILE")]
    input: Option<PathBuf>,
    /// Settings of connections to issuers.
    #[command(flatten)]
    outbound: OutboundSettings,
}

/// Maximum bytes of a token, or of a line of the log with the text around it.
const LARGEST_INPUT: u64 = 256 * 1024;

/// Prints each rule with what it needs and what the request has, and the decision. Never prints the
/// token. Exit code 0: explained; 64: cannot be explained.
#[must_use]
pub fn explain(arguments: &ExplainArguments) -> ExitCode {
    match run(arguments) {
        Ok(text) => {
            portcullis_runtime::print(&text);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("portcullis: {error:#}");
            ExitCode::from(EXIT_INVALID)
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
        "there is nothing to explain; give a token or a decision record, in a file or on \
         standard input"
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
    let request = token::ExplainRequest {
        line: &line,
        method: &arguments.method,
    };
    runtime.block_on(async {
        let http = arguments
            .check_signature
            .then(|| http_client(&arguments.outbound))
            .transpose()?;
        token::explain(policies, &name, &request, http.as_ref()).await
    })
}

/// The given policy name, or the only policy's.
fn name_of(policies: &PolicySet, given: Option<&str>) -> anyhow::Result<String> {
    let names: Vec<&str> = policies
        .policies()
        .map(|policy| policy.name.as_str())
        .collect();
    match (given, names.as_slice()) {
        (Some(name), _) if names.contains(&name) => Ok(name.to_owned()),
        (Some(name), _) => bail!(
            "--name: there is no RoutePolicy '{name}'; choose one of: {}",
            names.join(", ")
        ),
        (None, [name]) => Ok((*name).to_owned()),
        (None, _) => bail!(
            "--name: is missing; choose the RoutePolicy to explain: {}",
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
                .with_context(|| format!("{}: is not UTF-8 text", path.display()))?;
        }
        None => {
            stdin()
                .take(LARGEST_INPUT)
                .read_to_string(&mut text)
                .context("standard input: is not UTF-8 text")?;
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
