//! `portcullis check`: prints every error in policy documents, found by the code with which the
//! server loads them.

mod in_force;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use portcullis_policy::{PolicyError, PolicyErrors, PolicySet, RoutePolicy};
use portcullis_runtime::OutputFormat;
use serde_json::json;

use in_force::Replicas;
use portcullis_server::PolicyText;
use portcullis_server::{LimitMemory, POSSIBLE_MIB, Shortage, USUAL_MIB};

/// Arguments of `portcullis check`.
#[derive(Clone, Debug, clap::Args)]
pub struct CheckArguments {
    /// Files, or folders of files, that together are one set of policies.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
    /// Number of callers at their rate limit that the server must have memory for.
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000)]
    callers: usize,
    /// Memory of the server for rate limits, in MiB.
    #[arg(
        long,
        env = "RATE_LIMIT_MEMORY_MIB",
        value_name = "MIB",
        default_value_t = USUAL_MIB,
        value_parser = clap::value_parser!(u64).range(POSSIBLE_MIB)
    )]
    rate_limit_memory_mib: u64,
    /// Also wait until these policies are in force at every replica of a running server. Give the
    /// address of the replicas' operations listener. The files must have the same names as those
    /// that the server reads.
    #[arg(long, value_name = "HOST:PORT")]
    in_force_at: Option<Replicas>,
    /// Maximum time until the policies are in force. kubelet updates a mounted ConfigMap within
    /// about a minute and a half.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "2m",
        value_parser = humantime::parse_duration,
        requires = "in_force_at"
    )]
    within: Duration,
}

/// Prints the errors. Exit code 0: none; 1: some.
#[must_use]
pub fn check(arguments: &CheckArguments) -> ExitCode {
    let checked = PolicyText::read(arguments.files.iter().map(PathBuf::as_path))
        .and_then(|text| text.compile().map(|policies| (text, policies)));
    let version = checked
        .as_ref()
        .map(|(text, _)| text.version())
        .unwrap_or_default();
    let mut errors = match checked {
        Ok((_, policies)) => arguments.limits_too_large(&policies),
        Err(PolicyErrors(errors)) => errors,
    };
    if errors.is_empty() {
        errors = arguments.not_in_force(&version);
    }
    let text = match arguments.format {
        OutputFormat::Text if errors.is_empty() => "no problems\n".to_owned(),
        OutputFormat::Text => PolicyErrors(errors.clone()).lines().join("\n") + "\n",
        OutputFormat::Json => format!(
            "{}\n",
            errors.iter().map(describe).collect::<serde_json::Value>()
        ),
    };
    portcullis_runtime::print(&text);
    if errors.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

impl CheckArguments {
    /// An error for each rate limit that the server's memory cannot hold.
    fn limits_too_large(&self, policies: &PolicySet) -> Vec<PolicyError> {
        let memory = LimitMemory::of_mib(self.rate_limit_memory_mib);
        let too_large = |policy: &RoutePolicy| {
            let shortage = memory.shortage(policy.rate_limit?, self.callers)?;
            Some(self.too_large(policy, &shortage))
        };
        policies.policies().filter_map(too_large).collect()
    }

    /// An error for each replica at which `version` is not in force within the time.
    fn not_in_force(&self, version: &str) -> Vec<PolicyError> {
        let Some(replicas) = &self.in_force_at else {
            return Vec::new();
        };
        let runtime = match tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
        {
            Ok(runtime) => runtime,
            Err(error) => {
                return vec![self.of_all_files(format!("the replicas cannot be checked: {error}"))];
            }
        };
        let errors = runtime
            .block_on(replicas.all_serve(version, self.within))
            .err()
            .unwrap_or_default();
        let within = humantime::format_duration(self.within);
        let late =
            |problem: String| self.of_all_files(format!("not in force after {within}: {problem}"));
        errors.into_iter().map(late).collect()
    }

    fn of_all_files(&self, problem: String) -> PolicyError {
        let files: Vec<String> = self
            .files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        PolicyError::of_file(files.join(", "), problem)
    }

    fn too_large(&self, policy: &RoutePolicy, shortage: &Shortage) -> PolicyError {
        let memory = self.rate_limit_memory_mib;
        let callers = self.callers;
        let Shortage {
            each,
            fit,
            needed_mib,
        } = shortage;
        let problem = format!(
            "takes up to {each} bytes for each caller: {memory} MiB hold {fit} callers at this \
             limit, not {callers}; lower it, give serve and check --rate-limit-memory-mib \
             {needed_mib}, or give the number of callers with --callers"
        );
        PolicyError {
            document: Some(format!("RoutePolicy {}", policy.name)),
            path: Some("spec.rateLimit".to_owned()),
            ..self.of_all_files(problem)
        }
    }
}

fn describe(
    PolicyError {
        source,
        place,
        document,
        path,
        problem,
    }: &PolicyError,
) -> serde_json::Value {
    let line = place.map(|place| place.line);
    let column = place.map(|place| place.column);
    json!({
        "source": source,
        "line": line,
        "column": column,
        "document": document,
        "path": path,
        "problem": problem,
    })
}
