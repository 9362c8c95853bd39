use portcullis_server::ServeSettings;

use crate::commands::check::CheckArguments;
use crate::commands::completions::CompletionArguments;
use crate::commands::conformance::MovedArguments;
use crate::commands::explain::ExplainArguments;
use crate::commands::lint::LintArguments;
use crate::commands::test::TestArguments;
use crate::manual;

/// Authz server for Envoy, with commands that check, test and explain its policies.
#[derive(Clone, Debug, clap::Parser)]
#[command(
    name = "portcullis",
    version,
    arg_required_else_help = true,
    long_about = manual::PORTCULLIS,
    after_long_help = manual::PORTCULLIS_AFTER
)]
pub struct CommandLine {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands of `portcullis`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Answer Envoy's external authorization requests until SIGTERM.
    #[command(after_long_help = manual::SERVE)]
    Serve(Box<ServeSettings>),
    /// Check policy documents and print every error.
    #[command(after_long_help = manual::CHECK)]
    Check(CheckArguments),
    /// Check Envoy's configuration and print every way round the gateway that it opens.
    #[command(after_long_help = manual::LINT)]
    Lint(LintArguments),
    /// Test policies with cases, without a network.
    #[command(after_long_help = manual::TEST)]
    Test(TestArguments),
    /// Explain, rule by rule, how a policy decides on a token or on a recorded request.
    #[command(after_long_help = manual::EXPLAIN)]
    Explain(ExplainArguments),
    /// Former name of `portcullis-conformance run`, which it runs.
    #[command(hide = true)]
    Conformance(MovedArguments),
    /// Former name of `portcullis-conformance echo`, which it runs.
    #[command(hide = true)]
    ConformanceEcho(MovedArguments),
    /// Print the JSON Schema of policy documents.
    Schema,
    /// Print a script that completes commands and options in a shell.
    #[command(after_long_help = manual::COMPLETIONS)]
    Completions(CompletionArguments),
    /// Print the reference of all commands, in Markdown.
    #[command(hide = true)]
    Reference,
}

impl portcullis_runtime::Arguments for CommandLine {
    const OPERATIONS_ADDRESS: &'static str = "127.0.0.1:9104";
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::CommandLine;

    #[test]
    fn no_two_settings_share_a_flag_or_an_id() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_setting_has_an_example_for_its_error() {
        let none: [&str; 0] = [];
        assert_eq!(
            portcullis_runtime::settings_without_example::<CommandLine>(),
            none
        );
    }
}
