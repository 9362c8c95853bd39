//! Settings that had another name: the old flag and the old variable still work.

use std::process::Command;

struct Renamed {
    new: &'static str,
    old: &'static str,
}

#[test]
fn renamed_settings_accept_their_old_names() {
    for Renamed { new, old } in [
        Renamed {
            new: "--insecure-gateway-keys-http",
            old: "--gateway-keys-over-plain-http-trusts-the-network",
        },
        Renamed {
            new: "--accept-unbound-assertions",
            old: "--accept-assertions-good-for-any-request",
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

/// What the program says about a value that a switch does not take.
fn errors(arguments: &[&str], variable: Option<&str>) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_audit"));
    command.env_clear().args(arguments);
    if let Some(variable) = variable {
        command.env(variable, "nonsense");
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    String::from_utf8(output.stderr).unwrap()
}
