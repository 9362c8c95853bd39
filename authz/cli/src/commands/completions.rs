//! `portcullis completions`: prints completion scripts for shells.

use std::process::ExitCode;

use clap_complete::Shell;

use crate::command_line::CommandLine;

/// Arguments of `portcullis completions`.
#[derive(Clone, Debug, clap::Args)]
pub struct CompletionArguments {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Prints a script that completes commands and options.
#[must_use]
pub fn completions(arguments: &CompletionArguments) -> ExitCode {
    portcullis_runtime::print(&script(arguments.shell));
    ExitCode::SUCCESS
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(
        shell,
        &mut portcullis_runtime::reference_command::<CommandLine>(),
        "portcullis",
        &mut script,
    );
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;
    use clap_complete::Shell;

    use super::script;

    #[test]
    fn every_shell_has_completions_of_every_command() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            for word in ["serve", "check", "test", "explain", "decision-cache-mib"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }
}
