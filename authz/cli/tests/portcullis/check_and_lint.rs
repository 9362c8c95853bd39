//! `check` and `lint` print everything that they find, as text and as JSON.
#![allow(
    clippy::unwrap_used,
    reason = "a test may panic, its helpers outside #[test] functions too"
)]

use std::process::Command;

use crate::policy_file::{POLICY, policy_with};

/// Exit code and standard output of the program.
pub(crate) fn output(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(arguments)
        .env_clear()
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

#[test]
fn check_prints_every_error_and_exits_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let bad = policy_with(folder.path(), "  issuer: entra", "  isuer: entra");
    let check = |arguments: &[&str]| output(&[&["check"], arguments].concat());
    assert_eq!(check(&[POLICY]), (Some(0), "no problems\n".to_owned()));
    let (code, text) = check(&[bad.to_str().unwrap()]);
    assert_eq!(
        (code, text.matches("spec.isuer: unknown field").count()),
        (Some(1), 3),
        "{text}"
    );
    let (code, text) = check(&["--format", "json", folder.path().to_str().unwrap()]);
    let problems: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (code, problems[0]["document"].as_str()),
        (Some(1), Some("RoutePolicy tasks")),
        "{text}"
    );
    assert_eq!(problems[0]["path"], "spec.isuer");
    assert_eq!(
        check(&["--format", "json", POLICY]),
        (Some(0), "[]\n".to_owned())
    );
}

#[test]
fn lint_prints_every_finding_and_exits_with_1() {
    let envoy = concat!(env!("CARGO_MANIFEST_DIR"), "/../../envoy");
    let folder = tempfile::tempdir().unwrap();
    let renamed = policy_with(folder.path(), "{name: audit}", "{name: audits}");
    let lint = |policy: &str, more: &[&str]| {
        output(&[&["lint", "--envoy", envoy, "--policy", policy], more].concat())
    };
    assert_eq!(lint(POLICY, &[]), (Some(0), "no findings\n".to_owned()));
    assert_eq!(
        lint(POLICY, &["--format", "json"]),
        (Some(0), "[]\n".to_owned())
    );
    let renamed = renamed.to_str().unwrap();
    let (code, text) = lint(renamed, &[]);
    for part in [
        "routes.yaml: route gateway/gateway/audit: ",
        "did you mean audits? [policy-unknown]\n  danger: ",
        "\n  fix: ",
    ] {
        assert!(
            code == Some(1) && text.contains(part),
            "{part} is missing in:\n{text}"
        );
    }
    let (code, text) = lint(renamed, &["--format", "json", "--allow", "policy-unknown"]);
    let findings: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (code, findings[0]["code"].as_str(), findings.get(1)),
        (Some(1), Some("policy-without-route"), None)
    );
    for field in ["file", "place", "field", "found", "danger", "fix"] {
        assert!(
            findings[0][field].is_string(),
            "{field} is missing in {text}"
        );
    }
    let both = [
        "--allow",
        "policy-unknown",
        "--allow",
        "policy-without-route",
    ];
    assert_eq!(lint(renamed, &both), (Some(0), "no findings\n".to_owned()));
}
