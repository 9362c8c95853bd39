//! From arguments and environment to settings.

use std::ffi::OsString;

use clap::Command;
use clap::builder::OsStringValueParser;
use clap::error::ErrorKind;

use super::errors::{arguments as arguments_of, lines, one_line};
use super::setting_names::SettingNames;
use super::{Arguments, InvalidSettings, command};

/// Why parsing ended without settings.
#[derive(Debug)]
pub(crate) enum ParseEnd {
    /// `--help` or `--version`: print this and leave with success.
    Help(clap::Error),
    /// Nothing was asked for: print the usage.
    Usage(clap::Error),
    /// All that is wrong.
    Invalid(InvalidSettings),
}

pub(crate) fn parse<S: Arguments>(arguments: Vec<OsString>) -> Result<S, ParseEnd> {
    // Without `with_operations_address`, which hides the values of all variables: here it matters
    // which hold a secret.
    let names = SettingNames::new(&S::command(), S::OPERATIONS_ADDRESS, &arguments);
    parse_named(arguments, &names)
}

fn parse_named<S: Arguments>(
    arguments: Vec<OsString>,
    names: &SettingNames,
) -> Result<S, ParseEnd> {
    let matches = collect_errors(command::<S>, arguments, names)?;
    let invalid = |lines| ParseEnd::Invalid(InvalidSettings(lines));
    let settings =
        S::from_arg_matches(&matches).map_err(|error| invalid(vec![one_line(&error)]))?;
    let contradictions = settings.contradictions();
    if contradictions.is_empty() {
        return Ok(settings);
    }
    Err(invalid(
        contradictions
            .iter()
            .map(|line| names.explain(line, true))
            .collect(),
    ))
}

/// clap stops at the first error. This parses again with the offending argument made harmless until
/// none is left, so that a person fixes all in one go.
fn collect_errors(
    fresh: impl Fn() -> Command,
    mut arguments: Vec<OsString>,
    names: &SettingNames,
) -> Result<clap::ArgMatches, ParseEnd> {
    let mut found = Vec::new();
    let mut harmless = Vec::new();
    loop {
        // A command is built while it parses and can't be changed afterwards, so each round starts
        // from a fresh one.
        let error = match harmless
            .iter()
            .fold(fresh(), accept_anything)
            .try_get_matches_from(&arguments)
        {
            Ok(matches) if found.is_empty() => return Ok(matches),
            Ok(_) => return Err(ParseEnd::Invalid(InvalidSettings(found))),
            Err(error) => error,
        };
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion if found.is_empty() => {
                return Err(ParseEnd::Help(error));
            }
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if found.is_empty() => {
                return Err(ParseEnd::Usage(error));
            }
            _ => {}
        }
        found.extend(lines(&error, names));
        if !make_harmless(&error, &mut harmless, &mut arguments) {
            return Err(ParseEnd::Invalid(InvalidSettings(found)));
        }
    }
}

/// Remembers the arguments that `error` names, or drops unknown ones; false when that changes
/// nothing.
fn make_harmless(
    error: &clap::Error,
    harmless: &mut Vec<String>,
    arguments: &mut Vec<OsString>,
) -> bool {
    let named = arguments_of(error);
    let before = (harmless.len(), arguments.len());
    if error.kind() == ErrorKind::UnknownArgument {
        let unknown = |given: &OsString| {
            named
                .iter()
                .any(|name| given.to_string_lossy().split('=').next() == Some(name))
        };
        arguments.retain(|given| !unknown(given));
    } else {
        harmless.extend(
            named
                .into_iter()
                .filter(|name| !harmless.contains(name))
                .collect::<Vec<_>>(),
        );
    }
    before != (harmless.len(), arguments.len())
}

/// Makes the argument that errors show as `shown` (`--name <VALUE>`, or `<ID>` without a flag)
/// optional and lets it take any value, in the command or its subcommands.
fn accept_anything(command: Command, shown: &String) -> Command {
    let relax = |arg: clap::Arg| {
        let flag = arg
            .get_long()
            .map_or_else(|| format!("<{}>", arg.get_id()), |long| format!("--{long}"));
        if shown.split(' ').next() == Some(&flag) {
            arg.required(false).value_parser(OsStringValueParser::new())
        } else {
            arg
        }
    };
    command
        .mut_args(relax)
        .mut_subcommands(|sub| accept_anything(sub, shown))
}

#[cfg(test)]
mod tests;
