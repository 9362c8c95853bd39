use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use super::{Follow, Step, Told};
use crate::target::Target;

mod in_force;
mod version;

/// An authz server whose `/metrics` is `text`.
fn authz(status: u16, text: &str) -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string().parse().unwrap();
    let answer = format!("HTTP/1.1 {status} -\r\nconnection: close\r\n\r\n{text}");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            let found = line.starts_with("GET /metrics ");
            // A client may close the connection once it has read enough.
            let answer = if found {
                answer.as_str()
            } else {
                "HTTP/1.1 404 -\r\n\r\n"
            };
            let _sent = stream.write_all(answer.as_bytes());
        }
    });
    target
}

fn has(policies: &[&str]) -> String {
    let line = |name: &&str| format!("portcullis_policy_in_force{{policy=\"{name}\"}} 1\n");
    let lines: String = policies.iter().map(line).collect();
    format!("# HELP portcullis_policy_in_force x\n{lines}")
}

fn closed() -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string().parse().unwrap()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Writes a version of a ConfigMap to `folder` as kubelet does, and replaces the previous one.
fn mount(folder: &Path, version: &str, files: &[(&str, &str)]) {
    let inner = folder.join(format!("..{version}"));
    fs::create_dir(&inner).unwrap();
    for (name, text) in files {
        fs::write(inner.join(name), text).unwrap();
        let _there = symlink(format!("..data/{name}"), folder.join(name));
    }
    let next = folder.join("..data_tmp");
    symlink(format!("..{version}"), &next).unwrap();
    fs::rename(next, folder.join("..data")).unwrap();
}

#[test]
fn files_are_copied_only_with_their_policies() {
    struct Case<'a> {
        name: &'static str,
        files: Option<&'a [(&'a str, &'a str)]>,
        target_authz: Target,
        late: bool,
        copied: &'static str,
        routes: &'static str,
    }

    let source = tempfile::tempdir().unwrap();
    let target = tempfile::tempdir().unwrap();
    let follow = |authz| Follow {
        source: source.path().to_owned(),
        target: target.path().to_owned(),
        policies: "policies.txt".to_owned(),
        authz,
        once: false,
        at_most: Duration::from_mins(2),
    };
    let a = || authz(200, &has(&["a"]));
    let both = || authz(200, &has(&["a", "b"]));
    let first = [("routes.yaml", "1"), ("policies.txt", "a\n")];
    let second = [("routes.yaml", "2"), ("policies.txt", "a\nb\n")];
    let third = [("routes.yaml", "3"), ("policies.txt", "a\n\nb")];
    let mut in_force = None;
    for Case {
        name,
        files,
        target_authz,
        late,
        copied,
        routes,
    } in [
        Case {
            name: "the first files",
            files: Some(first.as_slice()),
            target_authz: a(),
            late: false,
            copied: "copied",
            routes: "1",
        },
        Case {
            name: "nothing new, and the authz server is away",
            files: None,
            target_authz: closed(),
            late: false,
            copied: "unchanged",
            routes: "1",
        },
        Case {
            name: "a new policy is missing",
            files: Some(&second),
            target_authz: a(),
            late: false,
            copied: "waits",
            routes: "1",
        },
        Case {
            name: "the authz server is away",
            files: None,
            target_authz: closed(),
            late: false,
            copied: "waits",
            routes: "1",
        },
        Case {
            name: "the policy is there",
            files: None,
            target_authz: both(),
            late: false,
            copied: "copied",
            routes: "2",
        },
        Case {
            name: "missing for too long",
            files: Some(&third),
            target_authz: a(),
            late: true,
            copied: "copied though missing",
            routes: "3",
        },
        Case {
            name: "no file of policies",
            files: Some(&[("routes.yaml", "4")]),
            target_authz: both(),
            late: true,
            copied: "error",
            routes: "3",
        },
    ] {
        if let Some(files) = files {
            mount(source.path(), name, files);
        }
        let found = match follow(target_authz).step(&mut in_force, late) {
            Ok(Step::Unchanged) => "unchanged",
            Ok(Step::Waits { .. }) => "waits",
            Ok(Step::Copied { missing, .. }) if missing.is_empty() => "copied",
            Ok(Step::Copied { .. }) => "copied though missing",
            Err(_) => "error",
        };
        assert_eq!(found, copied, "{name}");
        let there = fs::read_to_string(target.path().join("routes.yaml")).unwrap();
        assert_eq!(there, routes, "{name}");
    }
}

#[test]
fn wait_is_told_once_for_each_change() {
    let mut said = Vec::new();
    let mut told = Told::default();
    for text in ["a", "a", "b", "b", "a"] {
        told.tell(&mut said, text.to_owned()).unwrap();
    }
    assert_eq!(String::from_utf8(said).unwrap(), "a\nb\na\n");
}
