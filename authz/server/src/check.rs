//! `portcullis check`: everything that is wrong with policy documents, by the code that the server
//! loads them with.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use portcullis_policy::{PolicyProblem, PolicyProblems, PolicySet, RoutePolicy};
use serde_json::json;

use crate::in_force::Replicas;
use crate::policy_source::PolicyText;
use crate::rate_limit::{LimitMemory, POSSIBLE_MIB, Shortage, USUAL_MIB};

/// Arguments of `portcullis check`.
#[derive(Clone, Debug, clap::Args)]
pub struct CheckArguments {
    /// Files, or folders of files, that make one set of policies.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How problems are printed.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Callers that a server must be able to count, each of whom has used up the rate limit.
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000)]
    callers: usize,
    /// The server's memory for rate limits, in MiB.
    #[arg(long, env = "RATE_LIMIT_MEMORY_MIB", value_name = "MIB", default_value_t = USUAL_MIB, value_parser = clap::value_parser!(u64).range(POSSIBLE_MIB))]
    rate_limit_memory_mib: u64,
    /// Also asks every replica of a running server, at the address of their operations listener,
    /// whether it has put these policies in force. The files must have the names that the server
    /// reads them by.
    #[arg(long, value_name = "HOST:PORT")]
    in_force_at: Option<Replicas>,
    /// Longest time that replicas may take. kubelet brings a changed ConfigMap to each pod within
    /// about a minute and a half.
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = humantime::parse_duration, requires = "in_force_at")]
    within: Duration,
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
    let checked = PolicyText::read(arguments.files.iter().map(PathBuf::as_path))
        .and_then(|text| text.compile().map(|policies| (text, policies)));
    let version = checked
        .as_ref()
        .map(|(text, _)| text.version())
        .unwrap_or_default();
    let mut problems = match checked {
        Ok((_, policies)) => arguments.limits_too_large(&policies),
        Err(PolicyProblems(problems)) => problems,
    };
    if problems.is_empty() {
        problems = arguments.not_in_force(&version);
    }
    let text = match arguments.format {
        Format::Text if problems.is_empty() => "no problems\n".to_owned(),
        Format::Text => PolicyProblems(problems.clone()).lines().join("\n") + "\n",
        Format::Json => format!(
            "{}\n",
            problems.iter().map(describe).collect::<serde_json::Value>()
        ),
    };
    // A closed pipe does not change the verdict.
    let _written = stdout().write_all(text.as_bytes());
    if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

impl CheckArguments {
    /// Rate limits for which a server has too little memory.
    fn limits_too_large(&self, policies: &PolicySet) -> Vec<PolicyProblem> {
        let memory = LimitMemory::of_mib(self.rate_limit_memory_mib);
        let too_large = |policy: &RoutePolicy| {
            let shortage = memory.shortage(policy.rate_limit?, self.callers)?;
            Some(self.too_large(policy, &shortage))
        };
        policies.policies().filter_map(too_large).collect()
    }

    /// Replicas that do not serve this version.
    fn not_in_force(&self, version: &str) -> Vec<PolicyProblem> {
        let Some(replicas) = &self.in_force_at else {
            return Vec::new();
        };
        let runtime = match tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
        {
            Ok(runtime) => runtime,
            Err(error) => {
                return vec![self.of_all_files(format!("cannot be asked for at replicas: {error}"))];
            }
        };
        let problems = runtime
            .block_on(replicas.all_serve(version, self.within))
            .err()
            .unwrap_or_default();
        let within = humantime::format_duration(self.within);
        let said =
            |problem: String| self.of_all_files(format!("not in force after {within}: {problem}"));
        problems.into_iter().map(said).collect()
    }

    fn of_all_files(&self, problem: String) -> PolicyProblem {
        let files: Vec<String> = self
            .files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        PolicyProblem::of_file(files.join(", "), problem)
    }

    fn too_large(&self, policy: &RoutePolicy, shortage: &Shortage) -> PolicyProblem {
        let (memory, callers) = (self.rate_limit_memory_mib, self.callers);
        let Shortage {
            each,
            fit,
            needed_mib,
        } = shortage;
        let problem = format!(
            "takes up to {each} bytes for each caller: {memory} MiB hold {fit} callers at this limit, not {callers}; lower it, \
             give serve and check --rate-limit-memory-mib {needed_mib}, or say with --callers how many there are"
        );
        let (document, path) = (
            Some(format!("RoutePolicy {}", policy.name)),
            Some("spec.rateLimit".to_owned()),
        );
        PolicyProblem {
            document,
            path,
            ..self.of_all_files(problem)
        }
    }
}

fn describe(
    PolicyProblem {
        source,
        place,
        document,
        path,
        problem,
    }: &PolicyProblem,
) -> serde_json::Value {
    let (line, column) = (
        place.map(|place| place.line),
        place.map(|place| place.column),
    );
    json!({ "source": source, "line": line, "column": column, "document": document, "path": path, "problem": problem })
}
