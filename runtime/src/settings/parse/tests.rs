use std::ffi::OsString;
use std::net::SocketAddr;

use clap::CommandFactory;

use super::super::{CommonSettings, SettingNames, Settings};
use super::{ParseEnd, parse, parse_named};

#[derive(Debug, clap::Parser)]
struct Sample {
    #[arg(
        long,
        env = "SAMPLE_LISTEN_OF_A_TEST",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8000"
    )]
    listen: SocketAddr,
    #[arg(long, env = "SAMPLE_POLICY_OF_A_TEST", value_name = "FILE")]
    policy: String,
    #[arg(
        long,
        env = "SAMPLE_STORE_OF_A_TEST",
        value_name = "REDIS_URL",
        hide_env_values = true
    )]
    store: Option<SocketAddr>,
    #[arg(long, env = "SAMPLE_BOLD_OF_A_TEST")]
    bold: bool,
    #[command(flatten)]
    common: CommonSettings,
}

impl Settings for Sample {
    const OPERATIONS_ADDRESS: &'static str = "127.0.0.1:9999";

    fn common(&self) -> &CommonSettings {
        &self.common
    }

    fn contradictions(&self) -> Vec<String> {
        let contradiction = "--listen 127.0.0.1:1: contradicts --bold".to_owned();
        if self.bold {
            vec![contradiction]
        } else {
            Vec::new()
        }
    }
}

fn words(text: &str) -> Vec<OsString> {
    text.split(' ').map(Into::into).collect()
}

fn parse_words(text: &str) -> Result<Sample, ParseEnd> {
    parse(words(text))
}

/// The lines of the errors. `is_set` decides which variables are set.
fn errors(text: &str, is_set: fn(&str) -> bool) -> Vec<String> {
    let names = SettingNames::new(&Sample::command(), Sample::OPERATIONS_ADDRESS, &words(text))
        .with_variables(is_set);
    match parse_named::<Sample>(words(text), &names) {
        Err(ParseEnd::Invalid(invalid)) => invalid.0,
        other => panic!("{other:?}"),
    }
}

#[test]
fn settings_report_every_error_at_once() {
    let result = parse_words("sample --listen nonsense --drain-delay soon --colour");
    let Err(ParseEnd::Invalid(errors)) = result else {
        panic!("{result:?}")
    };
    let text = errors.to_string();
    for part in ["--listen", "--drain-delay", "--colour", "--policy"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[test]
fn valid_settings_have_the_programs_own_default() {
    let settings = parse_words("sample --listen 127.0.0.1:1 --policy p.yaml").unwrap();
    assert_eq!(
        settings.common.operations_listen.to_string(),
        "127.0.0.1:9999"
    );
    assert_eq!(
        (settings.listen.port(), settings.policy.as_str()),
        (1, "p.yaml")
    );
}

#[test]
fn settings_error_names_flag_variable_and_example() {
    struct Case {
        name: &'static str,
        arguments: &'static str,
        expected: &'static str,
    }

    for Case {
        name,
        arguments,
        expected,
    } in [
        Case {
            name: "no address",
            arguments: "sample --policy p --listen 9000",
            expected: "--listen 9000: invalid socket address syntax (flag --listen, environment \
             variable SAMPLE_LISTEN_OF_A_TEST; for example --listen 127.0.0.1:8000)",
        },
        Case {
            name: "missing",
            arguments: "sample",
            expected: "--policy: is missing (flag --policy, environment variable \
             SAMPLE_POLICY_OF_A_TEST; for example --policy path/to/policy)",
        },
        Case {
            name: "one of several values",
            arguments: "sample --policy p --log-format xml",
            expected: "--log-format xml: is not one of json, pretty (flag --log-format, \
             environment variable LOG_FORMAT)",
        },
        Case {
            name: "number out of range",
            arguments: "sample --policy p --max-connections 0",
            expected: "--max-connections 0: 0 is not in 1..=100000 (flag --max-connections, \
             environment variable MAX_CONNECTIONS; for example --max-connections 1024)",
        },
        Case {
            name: "no log filter",
            arguments: "sample --policy p --log a=b=c",
            expected: "--log a=b=c: is not a level, nor a list of targets and levels as \
             target=level,target=level (flag --log, environment variable LOG; \
             for example --log info)",
        },
        Case {
            name: "program's own default",
            arguments: "sample --policy p --operations-listen x",
            expected: "--operations-listen x: invalid socket address syntax (flag \
             --operations-listen, environment variable OPERATIONS_LISTEN; \
             for example --operations-listen 127.0.0.1:9999)",
        },
        Case {
            name: "secret",
            arguments: "sample --policy p --store redis://user:s3cret@host",
            expected: "--store: invalid socket address syntax (flag --store, environment variable \
             SAMPLE_STORE_OF_A_TEST; for example --store rediss://user:password@host:6380/0)",
        },
        Case {
            name: "contradiction",
            arguments: "sample --policy p --bold",
            expected: "--listen 127.0.0.1:1: contradicts --bold (flag --listen, environment \
             variable SAMPLE_LISTEN_OF_A_TEST; for example --listen 127.0.0.1:8000)",
        },
    ] {
        assert_eq!(errors(arguments, |_| false), [expected], "{name}");
    }
}

#[test]
fn settings_error_names_the_invalid_variable_first() {
    struct Case {
        name: &'static str,
        arguments: &'static str,
        expected: &'static str,
    }

    // clap would read the real environment, so this test explains a line and parses nothing.
    let names = |text: &str| {
        SettingNames::new(&Sample::command(), Sample::OPERATIONS_ADDRESS, &words(text))
            .with_variables(|variable| variable.starts_with("SAMPLE_"))
    };
    for Case {
        name,
        arguments,
        expected,
    } in [
        Case {
            name: "variable alone",
            arguments: "sample",
            expected: "--listen 1: x (environment variable SAMPLE_LISTEN_OF_A_TEST, flag --listen; \
             for example SAMPLE_LISTEN_OF_A_TEST=127.0.0.1:8000)",
        },
        Case {
            name: "switch",
            arguments: "sample",
            expected: "--bold: x (environment variable SAMPLE_BOLD_OF_A_TEST, flag --bold; for \
             example SAMPLE_BOLD_OF_A_TEST=true)",
        },
        Case {
            name: "flag above variable",
            arguments: "sample --listen=1",
            expected: "--listen 1: x (flag --listen, environment variable SAMPLE_LISTEN_OF_A_TEST; \
             for example --listen 127.0.0.1:8000)",
        },
    ] {
        let line = if name == "switch" {
            "--bold: x"
        } else {
            "--listen 1: x"
        };
        assert_eq!(names(arguments).explain(line, true), expected, "{name}");
    }
    assert_eq!(
        names("sample").explain("policy.yaml: --listen", true),
        "policy.yaml: --listen",
        "no setting"
    );
}

#[test]
fn value_for_a_switch_is_one_error() {
    let found = errors("sample --policy p --bold=x", |_| false);
    assert_eq!(found.len(), 1, "{found:?}");
}
