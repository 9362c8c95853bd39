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

#[test]
fn commands_print_results_and_exit_with_their_codes() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let policies = "examples/policies/task-suite.yaml";
    let sample = std::fs::read_to_string(format!("{ROOT}/{policies}")).unwrap();
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
    let record = r#"{"fields":{"policy":"audit","outcome":"deny","reason":"role_missing",
        "tenant":"t","object_id":"o","kind":"application"}}"#;
    let explain = ["explain", "--policy", policies];
    for (arguments, input, code, part) in [
        (vec!["check", policies], "", 0, "no problems"),
        (vec!["check", &broken], "", 1, "did you mean users?"),
        (
            vec!["check", "--format", "json", &broken],
            "",
            1,
            "\"path\":\"spec.allow[0].callers\"",
        ),
        (
            vec!["check", &generous],
            "",
            1,
            "RoutePolicy audit: spec.rateLimit: takes up to 2440 bytes for each caller",
        ),
        (
            vec!["check", &generous],
            "",
            1,
            "give serve and check --rate-limit-memory-mib 284",
        ),
        (
            vec!["check", "--rate-limit-memory-mib", "284", &generous],
            "",
            0,
            "no problems",
        ),
        (
            vec!["check", "--callers", "40000", &generous],
            "",
            0,
            "no problems",
        ),
        (
            vec!["check", "--rate-limit-memory-mib", "15", policies],
            "",
            64,
            "15 is not in 16..=65536",
        ),
        (
            vec!["test", policies, "examples/policies/task-suite-cases.yaml"],
            "",
            0,
            "16 passed, 0 failed",
        ),
        (
            vec!["test", policies, &failing],
            "",
            1,
            "0 passed, 1 failed",
        ),
        (
            vec!["test", policies, &odd],
            "",
            64,
            "is not a file of cases",
        ),
        (
            vec!["test", &broken, &failing],
            "",
            64,
            "did you mean users?",
        ),
        (
            explain.to_vec(),
            record,
            0,
            "needs AuditLog.Write; has none",
        ),
        (
            [&explain[..], &["--name", "tasks"]].concat(),
            "Basic dXNlcjpwYXNz",
            0,
            "deny authorization_malformed",
        ),
        (
            [&explain[..], &["--name", "tasks"]].concat(),
            "a.b.c",
            0,
            "deny token_malformed",
        ),
        (explain.to_vec(), "a.b.c", 64, "choose the RoutePolicy"),
        (explain.to_vec(), "", 64, "there is nothing to explain"),
        (
            vec![
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
            "",
            64,
            "is not an http URL",
        ),
        (
            vec!["conformance-echo", "--handler", "audit"],
            "",
            64,
            "must start with /",
        ),
        (vec!["schema"], "", 0, "\"$defs\""),
        (
            vec!["completions", "bash"],
            "",
            0,
            "complete -F _portcullis",
        ),
        (vec!["--help"], "", 0, "Exit status:"),
        (vec!["serve", "--help"], "", 0, "Signals:"),
        (vec!["tset"], "", 64, "unrecognized subcommand 'tset'"),
    ] {
        let (found, out, err) = run(&arguments, input);
        assert_eq!(found, Some(code), "{arguments:?}:\n{out}{err}");
        assert!(
            out.contains(part) || err.contains(part),
            "{part} is missing in {arguments:?}:\n{out}{err}"
        );
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
