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

/// The replacement of a string in one file of the example.
struct Edit {
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

/// Runs a copy of the example, edited if `edit` says so.
fn run(edit: Option<&Edit>) -> anyhow::Result<Output> {
    let example = tempfile::tempdir()?;
    let work = tempfile::tempdir()?;
    for file in FILES {
        let text =
            std::fs::read_to_string(Path::new(ROOT).join("examples/your-own-service").join(file))?;
        let text = match edit {
            Some(Edit {
                file: edited,
                from,
                to,
            }) if *edited == file => {
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
    struct Case {
        name: &'static str,
        edit: Edit,
        word: &'static str,
    }

    for Case { name, edit, word } in [
        Case {
            name: "a rule without its role",
            edit: Edit {
                file: "policy.yaml",
                from: "      roles: [Buyer]\n",
                to: "",
            },
            word: "FAILED",
        },
        Case {
            name: "a typo in the policy",
            edit: Edit {
                file: "policy.yaml",
                from: "scopes:",
                to: "scope:",
            },
            word: "policy.yaml:",
        },
        Case {
            name: "a route without its policy",
            edit: Edit {
                file: "route.yaml",
                from: "policy: orders",
                to: "other: orders",
            },
            word: "route gateway/gateway/order",
        },
        Case {
            name: "a role that no user has",
            edit: Edit {
                file: "directory.yaml",
                from: "orders: [Buyer]",
                to: "orders: []",
            },
            word: "WRONG  a buyer reads the orders",
        },
        Case {
            name: "a service that verifies nothing",
            edit: Edit {
                file: "orders.py",
                from: "            claims = VERIFIER.verify(lines, self.command, self.path)",
                to: "            claims = dict(oid='', kind='', roles='')",
            },
            word: "WRONG  past the gateway",
        },
    ] {
        let output = run(Some(&edit))?;
        let printed = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(
            !output.status.success() && printed.contains(word),
            "{name}: {printed}"
        );
    }
    Ok(())
}
