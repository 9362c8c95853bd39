//! Settings that had another name: the old flag and the old variable still work.
#![allow(
    clippy::unwrap_used,
    reason = "a test may panic, its helpers outside #[test] functions too"
)]

use std::process::Command;

#[test]
fn renamed_settings_accept_their_old_names() {
    struct Renamed {
        new: &'static str,
        old: &'static str,
    }

    for Renamed { new, old } in [
        Renamed {
            new: "--admin-listen",
            old: "--administration-listen",
        },
        Renamed {
            new: "--admin-allow-remote",
            old: "--let-anybody-who-reaches-it-administer",
        },
    ] {
        let by_flag = errors(&[&format!("{old}=nonsense")], None);
        assert!(by_flag.contains(new), "{old}: {by_flag}");
        let variable = old
            .trim_start_matches("--")
            .replace('-', "_")
            .to_uppercase();
        let by_variable = errors(&[], Some(&variable));
        assert!(by_variable.contains(new), "{variable}: {by_variable}");
    }
}

/// What the program says about a value that a setting does not take.
fn errors(arguments: &[&str], variable: Option<&str>) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command
        .env_clear()
        .args(["serve", "--policy", "policy.yaml"])
        .args(arguments);
    if let Some(variable) = variable {
        command.env(variable, "nonsense");
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    String::from_utf8(output.stderr).unwrap()
}
