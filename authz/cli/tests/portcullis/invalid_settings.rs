//! `serve` reports invalid settings in one message before it serves.
#![allow(
    clippy::unwrap_used,
    reason = "a test may panic, its helpers outside #[test] functions too"
)]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use crate::policy_file::{POLICY, policy_with};

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(arguments)
        .env_clear()
        .output()
        .unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// Runs `serve` on free ports with `policy` and a short wait for issuers.
fn serve(policy: &Path, more: &[&str]) -> (Option<i32>, String) {
    let policy = policy.to_str().unwrap();
    let always = [
        "serve",
        "--policy",
        policy,
        "--operations-listen",
        "127.0.0.1:0",
        "--issuer-wait",
        "300ms",
    ];
    let free = ["--listen", "--keys-listen", "--admin-listen"]
        .into_iter()
        .filter(|flag| !more.contains(flag));
    let free = free.flat_map(|flag| [flag, "127.0.0.1:0"]);
    run(&always
        .into_iter()
        .chain(free)
        .chain(more.iter().copied())
        .collect::<Vec<_>>())
}

#[test]
fn serve_reports_every_invalid_flag() {
    let (code, text) = run(&[
        "serve",
        "--listen",
        "nowhere",
        "--issuer-wait",
        "soon",
        "--colour",
    ]);
    assert_eq!(code, Some(64), "{text}");
    for part in [
        "--listen",
        "nowhere",
        "--issuer-wait",
        "soon",
        "--colour",
        "--policy",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[test]
fn invalid_policy_is_reported_with_file_and_field() {
    struct Case {
        name: &'static str,
        good: &'static str,
        bad: &'static str,
        parts: [&'static str; 2],
    }

    let folder = tempfile::tempdir().unwrap();
    for Case {
        name,
        good,
        bad,
        parts,
    } in [
        Case {
            name: "unknown field",
            good: "  issuer: entra",
            bad: "  isuer: entra",
            parts: [
                "policy.yaml:14:3: RoutePolicy tasks: spec.isuer",
                "did you mean issuer?",
            ],
        },
        Case {
            name: "no YAML",
            good: "kind: TokenIssuer",
            bad: "kind: [",
            parts: ["policy.yaml:5:", ": is not YAML: "],
        },
        Case {
            name: "text as number",
            good: "requests: 100",
            bad: "requests: lots",
            parts: ["RoutePolicy audit: spec.rateLimit.requests", "lots"],
        },
        Case {
            name: "unknown kind of caller",
            good: "callers: users",
            bad: "callers: people",
            parts: [
                "RoutePolicy notifications: spec.allow[0].callers",
                "`users`",
            ],
        },
    ] {
        let (code, text) = serve(&policy_with(folder.path(), good, bad), &[]);
        assert_eq!(code, Some(64), "{name}: {text}");
        for part in parts {
            assert!(text.contains(part), "{name}: {part} is missing in:\n{text}");
        }
    }
    let (code, text) = serve(&folder.path().join("absent.yaml"), &[]);
    assert!(
        code == Some(64)
            && text.contains("--policy")
            && text.contains("absent.yaml: cannot be read"),
        "{text}"
    );
}

#[test]
fn occupied_port_is_reported_with_flag_and_fix() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for flag in ["--listen", "--keys-listen"] {
        let (code, text) = serve(Path::new(POLICY), &[flag, &address]);
        assert_eq!(code, Some(1), "{text}");
        for part in [
            format!("{flag} {address}"),
            "choose another port".to_owned(),
        ] {
            assert!(text.contains(&part), "{part} is missing in:\n{text}");
        }
    }
}

#[test]
fn invalid_key_file_is_reported() {
    let (code, text) = serve(Path::new(POLICY), &["--assertion-key", POLICY]);
    assert!(
        code == Some(64) && text.contains("--assertion-key") && text.contains("PKCS#8"),
        "{text}"
    );
    let (code, text) = serve(Path::new(POLICY), &["--assertion-key", "absent.pem"]);
    assert!(
        code == Some(64) && text.contains("absent.pem: cannot be read"),
        "{text}"
    );
}

#[test]
fn invalid_folder_of_mac_keys_is_reported() {
    struct Case {
        name: &'static str,
        file: &'static str,
        content: &'static str,
        part: &'static str,
    }

    let folder = tempfile::tempdir().unwrap();
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    for Case {
        name,
        file,
        content,
        part,
    } in [
        Case {
            name: "short key",
            file: "task-api",
            content: "c2hvcnQ=",
            part: "task-api: line 1 has a key of 5 bytes",
        },
        Case {
            name: "key of two upstreams",
            file: "task-api",
            content: key,
            part: "audit and task-api have the same key",
        },
    ] {
        std::fs::write(folder.path().join("audit"), key).unwrap();
        std::fs::write(folder.path().join(file), content).unwrap();
        let (code, text) = serve(
            Path::new(POLICY),
            &["--assertion-mac-keys", folder.path().to_str().unwrap()],
        );
        assert!(
            code == Some(64) && text.contains("--assertion-mac-keys") && text.contains(part),
            "{name}: {text}"
        );
        assert!(!text.contains(key), "{name}: {text}");
    }
}

#[test]
fn invalid_key_store_is_reported() {
    for folder in ["absent", POLICY] {
        let (code, text) = serve(Path::new(POLICY), &["--key-store", folder]);
        assert!(
            code == Some(64) && text.contains("--key-store") && text.contains("is not a folder"),
            "{folder}: {text}"
        );
    }
}
