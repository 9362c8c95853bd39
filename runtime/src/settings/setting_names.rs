//! The flag, environment variable and example value of each setting.

use std::ffi::OsString;

use clap::{Arg, Command};

use super::Arguments;

/// Value of the variable of a switch. The flag of a switch takes no value.
const SWITCHED_ON: &str = "true";

/// The names of one setting, for errors.
#[derive(Debug)]
pub(super) struct Setting {
    /// With its dashes.
    flag: String,
    variable: Option<String>,
    example: Option<String>,
    /// The value is a secret and never appears in an error.
    pub(super) is_secret: bool,
}

/// The settings of a program and the sources of their values.
#[derive(Debug)]
pub(crate) struct SettingNames {
    settings: Vec<Setting>,
    /// Flags on the command line, with their dashes.
    given: Vec<String>,
    is_set: fn(&str) -> bool,
}

impl SettingNames {
    /// Collects the settings of `command`, or of its subcommand that `arguments` name.
    pub(crate) fn new(command: &Command, operations_address: &str, arguments: &[OsString]) -> Self {
        let words: Vec<String> = arguments
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let active = words
            .iter()
            .find_map(|word| command.find_subcommand(word))
            .unwrap_or(command);
        let settings = active
            .get_arguments()
            .filter_map(|arg| Setting::new(arg, operations_address))
            .collect();
        let given = words
            .iter()
            .filter_map(|word| word.split('=').next())
            .map(str::to_owned)
            .collect();
        Self {
            settings,
            given,
            is_set: |variable| std::env::var_os(variable).is_some(),
        }
    }

    pub(super) fn find(&self, flag: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.flag == flag)
    }

    /// The variable that the value of `setting` comes from.
    ///
    /// `None` if the value is on the command line or the variable is not set.
    pub(super) fn variable_at_fault<'a>(&self, setting: &'a Setting) -> Option<&'a str> {
        let variable = setting.variable.as_deref()?;
        (!self.given.contains(&setting.flag) && (self.is_set)(variable)).then_some(variable)
    }

    /// Adds to `line` both names of the setting that it begins with, and an example.
    pub(crate) fn explain(&self, line: &str, with_example: bool) -> String {
        let flag = line.split([' ', ':']).next().unwrap_or_default();
        match self.find(flag) {
            Some(setting) => format!(
                "{line} ({})",
                self.names(setting, with_example && !setting.is_shown_in(line))
            ),
            None => line.to_owned(),
        }
    }

    fn names(&self, setting: &Setting, with_example: bool) -> String {
        let Setting {
            flag,
            variable,
            example,
            ..
        } = setting;
        let example = example.as_deref().filter(|_| with_example);
        let ending = |name: &str, separator: &str| match example {
            Some(SWITCHED_ON) if separator == " " => format!("; for example {name}"),
            Some(example) => format!("; for example {name}{separator}{example}"),
            None => String::new(),
        };
        match (variable, self.variable_at_fault(setting)) {
            (_, Some(at_fault)) => {
                format!(
                    "environment variable {at_fault}, flag {flag}{}",
                    ending(at_fault, "=")
                )
            }
            (Some(variable), None) => {
                format!(
                    "flag {flag}, environment variable {variable}{}",
                    ending(flag, " ")
                )
            }
            (None, None) => format!("flag {flag}{}", ending(flag, " ")),
        }
    }

    #[cfg(test)]
    pub(crate) fn with_variables(self, is_set: fn(&str) -> bool) -> Self {
        Self { is_set, ..self }
    }
}

/// The flags of `A` that have a variable and no example, except secrets.
///
/// Each program tests that its settings have none.
#[must_use]
pub fn settings_without_example<A: Arguments>() -> Vec<String> {
    let command = A::command();
    let commands = std::iter::once(&command).chain(command.get_subcommands());
    let settings = commands
        .flat_map(Command::get_arguments)
        .filter_map(|arg| Setting::new(arg, A::OPERATIONS_ADDRESS));
    let lacking = settings.filter(|setting| {
        setting.variable.is_some() && setting.example.is_none() && !setting.is_secret
    });
    lacking.map(|setting| setting.flag).collect()
}

impl Setting {
    fn new(arg: &Arg, operations_address: &str) -> Option<Self> {
        let long = arg.get_long()?;
        Some(Self {
            flag: format!("--{long}"),
            variable: arg
                .get_env()
                .map(|variable| variable.to_string_lossy().into_owned()),
            example: example(arg, long, operations_address),
            is_secret: arg.is_hide_env_values_set(),
        })
    }

    /// Whether `line` already contains the example.
    fn is_shown_in(&self, line: &str) -> bool {
        self.example
            .as_deref()
            .is_some_and(|example| example != SWITCHED_ON && line.contains(example))
    }
}

/// An example value: the default, or a value that fits the name of the value.
fn example(arg: &Arg, long: &str, operations_address: &str) -> Option<String> {
    if !arg.get_action().takes_values() {
        return Some(SWITCHED_ON.to_owned());
    }
    if arg.get_id() == "operations_listen" {
        return Some(operations_address.to_owned());
    }
    if let [default, ..] = arg.get_default_values() {
        return Some(default.to_string_lossy().into_owned());
    }
    let kind = arg.get_value_names().and_then(<[_]>::first)?;
    Some(match kind.as_str() {
        "ADDRESS" => "127.0.0.1:9000".to_owned(),
        "TIME" => "10s".to_owned(),
        "NUMBER" => "100".to_owned(),
        "ID" | "ID,.." => "3a5c0001-0000-4000-8000-000000000001".to_owned(),
        "NAME" => "host.example".to_owned(),
        "AUDIENCE,.." => "https://api.example".to_owned(),
        "URL" => "https://host.example".to_owned(),
        "POSTGRES_URL" => "postgres://user:password@host/database".to_owned(),
        "REDIS_URL" => "rediss://user:password@host:6380/0".to_owned(),
        "FILE" | "DIR" => format!("path/to/{long}"),
        _ => return None,
    })
}
