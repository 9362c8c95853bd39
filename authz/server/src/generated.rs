//! What the program writes about itself: the schema of its documents, completions for shells, the
//! reference of its commands.

use std::io::{Write, stdout};
use std::process::ExitCode;

use clap::Command;
use clap_complete::Shell;

use crate::command_line::CommandLine;

/// Arguments of `portcullis completions`.
#[derive(Clone, Debug, clap::Args)]
pub struct CompletionArguments {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Prints the JSON Schema of policy documents.
#[must_use]
pub fn schema() -> ExitCode {
    print(&schema_text())
}

/// Prints a script that completes commands and options.
#[must_use]
pub fn completions(arguments: &CompletionArguments) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command(), "portcullis", &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// Prints the reference of all commands, in Markdown.
#[must_use]
pub fn reference() -> ExitCode {
    print(&reference_text())
}

fn print(text: &str) -> ExitCode {
    // A closed pipe is nobody's fault.
    let _written = stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn schema_text() -> String {
    format!("{:#}\n", portcullis_policy::schema())
}

/// The same width everywhere, so that the reference does not depend on a terminal.
fn command() -> Command {
    let mut command = portcullis_runtime::command::<CommandLine>().term_width(110);
    command.build();
    command
}

fn reference_text() -> String {
    let mut command = command();
    let mut text =
        "# The commands of `portcullis`\n\nWritten by `make generate` from what `--help` says.\n"
            .to_owned();
    text.push_str(&section("portcullis", &mut command));
    let names: Vec<String> = command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set())
        .map(name)
        .collect();
    for name in names.iter().filter(|name| *name != "help") {
        if let Some(subcommand) = command.find_subcommand_mut(name) {
            text.push_str(&section(&format!("portcullis {name}"), subcommand));
        }
    }
    text
}

fn name(command: &Command) -> String {
    command.get_name().to_owned()
}

fn section(title: &str, command: &mut Command) -> String {
    let help = command.render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    format!(
        "\n## {title}\n\n```text\n{}\n```\n",
        lines.join("\n").trim_end()
    )
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;
    use clap_complete::Shell;

    use super::{command, reference_text, schema_text};

    fn written(file: &str) -> String {
        let path = format!("{}/../../docs/{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    #[test]
    fn what_is_written_down_is_what_the_program_says() {
        for (file, now) in [
            ("cli.md", reference_text()),
            ("policy.schema.json", schema_text()),
        ] {
            assert!(
                written(file) == now,
                "docs/{file} is out of date; run: make generate"
            );
        }
    }

    #[test]
    fn every_shell_has_completions_of_every_command() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut command(), "portcullis", &mut script);
            let script = String::from_utf8(script).unwrap();
            for word in ["serve", "check", "test", "explain", "decision-cache-mib"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }
}
