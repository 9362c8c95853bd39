//! `portcullis test`: runs cases against policies, with the code that answers Envoy.

mod case;
mod judge;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use case::Cases;
use judge::judge;
use portcullis_runtime::EXIT_INVALID;
use portcullis_server::{OfflinePolicies, PolicyText};
use report::Report;

/// Arguments of `portcullis test`.
#[derive(Clone, Debug, clap::Args)]
pub struct TestArguments {
    /// File, or folder of files, of policy documents.
    #[arg(value_name = "POLICIES")]
    policies: PathBuf,
    /// File of cases.
    #[arg(value_name = "CASES")]
    cases: PathBuf,
    /// Also write the results to this file, as JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

/// Runs every case and prints its result. Exit code 0: all pass; 1: some fail; 64: policies or
/// cases cannot be used.
#[must_use]
pub fn test(arguments: &TestArguments) -> ExitCode {
    let report = match run(arguments) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("portcullis: {error:#}");
            return ExitCode::from(EXIT_INVALID);
        }
    };
    portcullis_runtime::print(&report.text());
    if report.failed() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn run(arguments: &TestArguments) -> anyhow::Result<Report> {
    let policies =
        PolicyText::read([arguments.policies.as_path()]).and_then(|text| text.compile())?;
    let cases = read(&arguments.cases)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(async {
        let offline = OfflinePolicies::new(policies).await?;
        let mut report = Report::new(&arguments.cases.display().to_string());
        for case in &cases.cases {
            report.add(
                case,
                judge(&offline, case)
                    .await
                    .with_context(|| format!("case '{}'", case.name))?,
            );
        }
        anyhow::Ok(report)
    })?;
    if let Some(file) = &arguments.junit {
        let xml = report.junit()?;
        std::fs::write(file, xml)
            .with_context(|| format!("--junit {}: cannot be written", file.display()))?;
    }
    Ok(report)
}

fn read(file: &Path) -> anyhow::Result<Cases> {
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{name}: cannot be read; give a file of cases"))?;
    Cases::parse(&text).with_context(|| format!("{name}: is not a file of cases"))
}

#[cfg(test)]
mod tests;
