//! Translates clap's errors into one line for each setting.

use std::error::Error;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::setting_names::SettingNames;

/// Maximum number of characters of a value in an error.
const LONGEST_VALUE: usize = 100;

/// One line for each setting that `error` is about.
pub(super) fn lines(error: &clap::Error, names: &SettingNames) -> Vec<String> {
    match error.kind() {
        ErrorKind::MissingRequiredArgument => missing(error, names),
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => vec![invalid_value(error, names)],
        _ => vec![one_line(error)],
    }
}

fn missing(error: &clap::Error, names: &SettingNames) -> Vec<String> {
    let line = |shown: &String| {
        let flag = shown.split(' ').next().unwrap_or_default();
        match names.find(flag) {
            Some(_) => names.explain(&format!("{flag}: is missing"), true),
            None => format!("{shown}: is missing{}", usage(error)),
        }
    };
    arguments(error).iter().map(line).collect()
}

fn usage(error: &clap::Error) -> String {
    match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => {
            format!(
                "; {}",
                usage
                    .to_string()
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ")
            )
        }
        _ => String::new(),
    }
}

fn invalid_value(error: &clap::Error, names: &SettingNames) -> String {
    let arguments = arguments(error);
    let Some(flag) = arguments.first().and_then(|shown| shown.split(' ').next()) else {
        return one_line(error);
    };
    let Some(setting) = names.find(flag) else {
        return one_line(error);
    };
    let value = match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) if !setting.is_secret => printable(value),
        _ => String::new(),
    };
    let place = match names.variable_at_fault(setting) {
        Some(variable) if value.is_empty() => variable.to_owned(),
        Some(variable) => format!("{variable}={value}"),
        None if value.is_empty() => flag.to_owned(),
        None => format!("{flag} {value}"),
    };
    // `explain` finds the setting by its flag, even if the line begins with the variable.
    let explained = names.explain(&format!("{flag}: {}", cause(error)), true);
    format!(
        "{place}{}",
        explained.strip_prefix(flag).unwrap_or_default()
    )
}

fn cause(error: &clap::Error) -> String {
    match (error.source(), error.get(ContextKind::ValidValue)) {
        (Some(cause), _) => cause.to_string(),
        (None, Some(ContextValue::Strings(values))) if !values.is_empty() => {
            format!("is not one of {}", values.join(", "))
        }
        (None, _) => "has no value".to_owned(),
    }
}

/// The arguments that `error` names, as clap shows them: `--name <VALUE>` or `<ID>`.
pub(super) fn arguments(error: &clap::Error) -> Vec<String> {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(one)) => vec![one.clone()],
        Some(ContextValue::Strings(many)) => many.clone(),
        _ => Vec::new(),
    }
}

fn printable(value: &str) -> String {
    value
        .chars()
        .filter(|character| !character.is_control())
        .take(LONGEST_VALUE)
        .collect()
}

/// clap's message without usage and hints.
pub(super) fn one_line(error: &clap::Error) -> String {
    let rendered = error.render().to_string();
    let text: Vec<&str> = rendered
        .lines()
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    text.join(" ").trim_start_matches("error: ").to_owned()
}
