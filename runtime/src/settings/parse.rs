//! Parses arguments and environment into settings.

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
    /// `--help` or `--version`: print this text and exit with success.
    Help(clap::Error),
    /// No command was given: print the usage.
    Usage(clap::Error),
    /// Every error.
    Invalid(InvalidSettings),
}

pub(crate) fn parse<S: Arguments>(arguments: Vec<OsString>) -> Result<S, ParseEnd> {
    // `with_operations_address` is not applied here, because it hides the values of all variables,
    // and these names must tell which ones hold a secret.
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

/// Collects every error of the command line.
///
/// clap stops at the first error. This function makes the invalid argument harmless and parses
/// again until no error is left, so that a person can fix all at once.
fn collect_errors(
    fresh: impl Fn() -> Command,
    mut arguments: Vec<OsString>,
    names: &SettingNames,
) -> Result<clap::ArgMatches, ParseEnd> {
    let mut found = Vec::new();
    let mut harmless = Vec::new();
    loop {
        // A command cannot be changed after it has parsed, so each round starts from a fresh one.
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
        // A value for a switch stays an error, whatever the switch accepts.
        for line in lines(&error, names) {
            if !found.contains(&line) {
                found.push(line);
            }
        }
        if !make_harmless(&error, &mut harmless, &mut arguments) {
            return Err(ParseEnd::Invalid(InvalidSettings(found)));
        }
    }
}

/// Adds the arguments of `error` to `harmless`, or drops unknown ones from `arguments`.
///
/// Returns false if that changes nothing.
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

/// Makes the argument that errors show as `shown` optional, and lets it take any value.
///
/// `shown` is `--name <VALUE>`, or `<ID>` without a flag. Subcommands are included.
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
