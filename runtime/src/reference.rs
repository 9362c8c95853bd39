use clap::Command;

use crate::settings::{Arguments, command};

/// The help of all commands of a program, in Markdown.
#[must_use]
pub fn reference<A: Arguments>() -> String {
    let mut command = reference_command::<A>();
    let program = name(&command);
    let mut text = format!(
        "# The commands of `{program}`\n\nWritten by `make generate` from what `--help` says.\n"
    );
    text.push_str(&section(&program, &mut command));
    let names: Vec<String> = command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set())
        .map(name)
        .collect();
    for name in names.iter().filter(|name| *name != "help") {
        if let Some(subcommand) = command.find_subcommand_mut(name) {
            text.push_str(&section(&format!("{program} {name}"), subcommand));
        }
    }
    text
}

/// The command line of `A` at a fixed width, so that documents do not depend on a terminal.
#[must_use]
pub fn reference_command<A: Arguments>() -> Command {
    let mut command = command::<A>().term_width(110);
    command.build();
    command
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
