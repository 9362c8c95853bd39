//! `examples/your-own-service` runs from a fresh folder and reports a mistake in each part.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, ensure};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const FILES: [&str; 7] = [
    "run",
    "directory.yaml",
    "policy.yaml",
    "cases.yaml",
    "route.yaml",
    "cluster.yaml",
    "orders.py",
];

/// Runs a copy of the example. `edit` replaces a string in one of its files.
fn run(edit: Option<(&str, &str, &str)>) -> anyhow::Result<Output> {
    let example = tempfile::tempdir()?;
    let work = tempfile::tempdir()?;
    for file in FILES {
        let text =
            std::fs::read_to_string(Path::new(ROOT).join("examples/your-own-service").join(file))?;
        let text = match edit {
            Some((edited, from, to)) if edited == file => {
                ensure!(text.contains(from), "{file} has no {from}");
                text.replace(from, to)
            }
            _ => text,
        };
        std::fs::write(example.path().join(file), text)?;
    }
    let programs = dev_stack::program("portcullis")?;
    let programs = programs.parent().context("the folder of the programs")?;
    let path = std::env::join_paths([programs.to_owned()].into_iter().chain(
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()),
    ))?;
    let mut command = Command::new("bash");
    command
        .arg(example.path().join("run"))
        .arg(work.path().join("fresh"));
    command
        .env("PATH", path)
        .env("PORTCULLIS_SOURCE", ROOT)
        .env("CARGO_TARGET_DIR", "/nonexistent");
    Ok(command.stdin(Stdio::null()).output()?)
}

#[test]
fn example_runs_from_a_fresh_folder() -> anyhow::Result<()> {
    let output = run(None)?;
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(
        printed
            .lines()
            .filter(|line| line.starts_with("  ok     "))
            .count(),
        12,
        "{printed}"
    );
    assert!(printed.contains("no findings"), "{printed}");
    Ok(())
}

#[test]
fn mistake_in_any_part_is_reported() -> anyhow::Result<()> {
    for (case, edit, word) in [
        (
            "a rule without its role",
            ("policy.yaml", "      roles: [Buyer]\n", ""),
            "FAILED",
        ),
        (
            "a typo in the policy",
            ("policy.yaml", "scopes:", "scope:"),
            "policy.yaml:",
        ),
        (
            "a route without its policy",
            ("route.yaml", "policy: orders", "other: orders"),
            "route gateway/gateway/order",
        ),
        (
            "a role that no user has",
            ("directory.yaml", "orders: [Buyer]", "orders: []"),
            "WRONG  a buyer reads the orders",
        ),
        (
            "a service that verifies nothing",
            (
                "orders.py",
                "            claims = VERIFIER.verify(lines, self.command, self.path)",
                "            claims = dict(oid='', kind='', roles='')",
            ),
            "WRONG  past the gateway",
        ),
    ] {
        let output = run(Some(edit))?;
        let printed = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(
            !output.status.success() && printed.contains(word),
            "{case}: {printed}"
        );
    }
    Ok(())
}
