//! Runs the commands other than `serve`, and parses those in the documentation.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may panic, its helpers outside #[test] functions too"
)]

use std::io::Write;
use std::process::{Command, Stdio};

use clap::Parser;
use portcullis_cli::CommandLine;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Exit code, standard output and standard error of the program, run at the top of the repository.
fn run(arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(arguments)
        .current_dir(ROOT)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that rejects its arguments does not read its input.
    let _written = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

const POLICIES: &str = "examples/policies/task-suite.yaml";

/// One run of the program, with its exit code and a part of its output.
struct Run<'a> {
    name: &'static str,
    arguments: Vec<&'a str>,
    input: &'a str,
    code: i32,
    part: &'static str,
}

impl Run<'_> {
    fn check(&self) {
        let Self {
            name,
            arguments,
            input,
            code,
            part,
        } = self;
        let (found, out, err) = run(arguments, input);
        assert_eq!(found, Some(*code), "{name}: {arguments:?}:\n{out}{err}");
        assert!(
            out.contains(part) || err.contains(part),
            "{name}: {part} is missing in {arguments:?}:\n{out}{err}"
        );
    }
}

#[test]
fn check_and_test_print_results_and_exit_with_their_codes() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let sample = std::fs::read_to_string(format!("{ROOT}/{POLICIES}")).unwrap();
    let broken = write(
        "broken.yaml",
        &sample.replace("callers: users", "callers: user"),
    );
    let generous = write(
        "generous.yaml",
        &sample.replace("requests: 100,", "requests: 1000,"),
    );
    let failing = write(
        "failing.yaml",
        "cases: [{name: open, policy: tasks, expect: {outcome: allow}}]",
    );
    let odd = write("odd.yaml", "cases: [{nam: x}]");
    for run in [
        Run {
            name: "check good policies",
            arguments: vec!["check", POLICIES],
            input: "",
            code: 0,
            part: "no problems",
        },
        Run {
            name: "check a typo",
            arguments: vec!["check", &broken],
            input: "",
            code: 1,
            part: "did you mean users?",
        },
        Run {
            name: "check a typo in JSON",
            arguments: vec!["check", "--format", "json", &broken],
            input: "",
            code: 1,
            part: "\"path\":\"spec.allow[0].callers\"",
        },
        Run {
            name: "check rate limits that take much",
            arguments: vec!["check", &generous],
            input: "",
            code: 1,
            part: "RoutePolicy audit: spec.rateLimit: takes up to 2440 bytes for each caller",
        },
        Run {
            name: "check says how much memory it takes",
            arguments: vec!["check", &generous],
            input: "",
            code: 1,
            part: "give serve and check --rate-limit-memory-mib 284",
        },
        Run {
            name: "check with more memory",
            arguments: vec!["check", "--rate-limit-memory-mib", "284", &generous],
            input: "",
            code: 0,
            part: "no problems",
        },
        Run {
            name: "check for fewer callers",
            arguments: vec!["check", "--callers", "40000", &generous],
            input: "",
            code: 0,
            part: "no problems",
        },
        Run {
            name: "check with little memory",
            arguments: vec!["check", "--rate-limit-memory-mib", "15", POLICIES],
            input: "",
            code: 64,
            part: "15 is not in 16..=65536",
        },
        Run {
            name: "test passes",
            arguments: vec!["test", POLICIES, "examples/policies/task-suite-cases.yaml"],
            input: "",
            code: 0,
            part: "16 passed, 0 failed",
        },
        Run {
            name: "test fails",
            arguments: vec!["test", POLICIES, &failing],
            input: "",
            code: 1,
            part: "0 passed, 1 failed",
        },
        Run {
            name: "test an odd file",
            arguments: vec!["test", POLICIES, &odd],
            input: "",
            code: 64,
            part: "is not a file of cases",
        },
        Run {
            name: "test broken policies",
            arguments: vec!["test", &broken, &failing],
            input: "",
            code: 64,
            part: "did you mean users?",
        },
    ] {
        run.check();
    }
}

#[test]
fn other_commands_print_results_and_exit_with_their_codes() {
    let record = r#"{"fields":{"policy":"audit","outcome":"deny","reason":"role_missing",
        "tenant":"t","object_id":"o","kind":"application"}}"#;
    let explain = ["explain", "--policy", POLICIES];
    for run in [
        Run {
            name: "explain a record",
            arguments: explain.to_vec(),
            input: record,
            code: 0,
            part: "needs AuditLog.Write; has none",
        },
        Run {
            name: "explain another scheme",
            arguments: [&explain[..], &["--name", "tasks"]].concat(),
            input: "Basic dXNlcjpwYXNz",
            code: 0,
            part: "deny authorization_malformed",
        },
        Run {
            name: "explain a malformed token",
            arguments: [&explain[..], &["--name", "tasks"]].concat(),
            input: "a.b.c",
            code: 0,
            part: "deny token_malformed",
        },
        Run {
            name: "explain without a policy",
            arguments: explain.to_vec(),
            input: "a.b.c",
            code: 64,
            part: "choose the RoutePolicy",
        },
        Run {
            name: "explain nothing",
            arguments: explain.to_vec(),
            input: "",
            code: 64,
            part: "there is nothing to explain",
        },
        Run {
            name: "conformance of a gateway with TLS",
            arguments: vec![
                "conformance",
                "--gateway",
                "https://g",
                "--echo",
                "http://e",
                "--protected",
                "/a",
                "--token-file",
                "t",
            ],
            input: "",
            code: 64,
            part: "is not an http URL",
        },
        Run {
            name: "echo with a relative handler",
            arguments: vec!["conformance-echo", "--handler", "audit"],
            input: "",
            code: 64,
            part: "must start with /",
        },
        Run {
            name: "schema",
            arguments: vec!["schema"],
            input: "",
            code: 0,
            part: "\"$defs\"",
        },
        Run {
            name: "completions",
            arguments: vec!["completions", "bash"],
            input: "",
            code: 0,
            part: "complete -F _portcullis",
        },
        Run {
            name: "help",
            arguments: vec!["--help"],
            input: "",
            code: 0,
            part: "Exit status:",
        },
        Run {
            name: "help of serve",
            arguments: vec!["serve", "--help"],
            input: "",
            code: 0,
            part: "Signals:",
        },
        Run {
            name: "unknown command",
            arguments: vec!["tset"],
            input: "",
            code: 64,
            part: "unrecognized subcommand 'tset'",
        },
    ] {
        run.check();
    }
}

#[test]
fn test_writes_junit_report() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.xml");
    let path = report.to_str().unwrap();
    let (code, ..) = run(
        &[
            "test",
            "examples/policies/task-suite.yaml",
            "examples/policies/task-suite-cases.yaml",
            "--junit",
            path,
        ],
        "",
    );
    assert_eq!(code, Some(0));
    assert!(
        std::fs::read_to_string(report)
            .unwrap()
            .contains("tests=\"16\" skipped=\"0\" failures=\"0\"")
    );
    let (code, _, err) = run(
        &[
            "test",
            "examples/policies/task-suite.yaml",
            "examples/policies/task-suite-cases.yaml",
            "--junit",
            "/nonexistent/r.xml",
        ],
        "",
    );
    assert!(
        code == Some(64) && err.contains("--junit /nonexistent/r.xml: cannot be written"),
        "{err}"
    );
}

#[test]
fn documented_commands_parse() {
    let mut commands = 0;
    for file in ["docs/policies.md", "docs/lint.md"] {
        let text = std::fs::read_to_string(format!("{ROOT}/{file}")).unwrap();
        let blocks = text
            .split("```sh\n")
            .skip(1)
            .filter_map(|block| block.split("```").next());
        let lines = blocks
            .flat_map(str::lines)
            .flat_map(|line| line.split('|'))
            .map(str::trim);
        for line in lines.filter(|line| line.starts_with("portcullis ")) {
            let words = line
                .split(" #")
                .next()
                .unwrap()
                .split(" > ")
                .next()
                .unwrap()
                .split_whitespace();
            let parsed = CommandLine::try_parse_from(words);
            assert!(parsed.is_ok(), "{file}: {line}: {}", parsed.unwrap_err());
            commands += 1;
        }
    }
    assert!(commands >= 5, "{commands}");
}
