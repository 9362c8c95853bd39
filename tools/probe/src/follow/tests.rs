use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use super::in_force::missing;
use super::version::Version;
use super::{Follow, Step, Told};
use crate::target::Target;

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
fn policies_are_in_force_where_metrics_say_so() {
    let unresolvable: Target = "no-such-host.invalid:9104".parse().unwrap();
    let many: Vec<String> = (10..22).map(|number| format!("p{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (case, target, policies, words) in [
        (
            "all of them",
            authz(200, &has(&["a", "b", "c"])),
            ["a", "b"].as_slice(),
            None,
        ),
        ("no policy is required", authz(200, ""), &[], None),
        (
            "one lacks",
            authz(200, &has(&["a"])),
            &["a", "b"],
            Some(" lacks b"),
        ),
        (
            "the end of another's name",
            authz(200, &has(&["ab"])),
            &["a", "b"],
            Some(" lacks a, b"),
        ),
        (
            "not in force",
            authz(200, &has(&["a"]).replace("} 1", "} 0")),
            &["a"],
            Some(" lacks a"),
        ),
        (
            "many lack",
            authz(200, ""),
            &many,
            Some("p18, p19 and 2 more"),
        ),
        (
            "an older authz server",
            authz(200, "x 1\n"),
            &["a"],
            Some(" lacks a"),
        ),
        (
            "not ready",
            authz(503, &has(&["a"])),
            &["a"],
            Some("/metrics: answered 503"),
        ),
        (
            "an endless answer",
            authz(200, &" ".repeat(9 << 20)),
            &["a"],
            Some("longer than"),
        ),
        (
            "nothing listens",
            closed(),
            &["a"],
            Some("does not say which it has: /metrics: "),
        ),
        (
            "nothing listens, no policy is required",
            closed(),
            &[],
            Some("does not say which it has"),
        ),
        (
            "no address",
            unresolvable,
            &["a"],
            Some("no-such-host.invalid:9104 has no address: "),
        ),
    ] {
        let found = missing(&target, &names(policies));
        assert_eq!(
            found.len(),
            usize::from(words.is_some()),
            "{case}: {found:?}"
        );
        assert!(
            found.concat().contains(words.unwrap_or_default()),
            "{case}: {found:?}"
        );
    }
}

#[test]
fn version_is_published_whole_and_the_one_before_is_removed() {
    let source = tempfile::tempdir().unwrap();
    let target = tempfile::tempdir().unwrap();
    // The remains of an interrupted copy.
    fs::create_dir(target.path().join("..half")).unwrap();
    symlink("..half", target.path().join("..data_tmp")).unwrap();
    fs::write(target.path().join("a"), "not a link").unwrap();
    let first = [("a", "1"), ("b", "1")];
    let second = [("a", "2"), ("b", "2"), ("c", "2")];
    let third = [("a", "3")];
    for (version, files) in [("1", first.as_slice()), ("2", &second), ("3", &third)] {
        mount(source.path(), version, files);
        let found = Version::read(source.path()).unwrap();
        assert_eq!(found.files(), files.len(), "{version}");
        found.publish(target.path()).unwrap();
        assert_eq!(Version::read(target.path()).unwrap(), found, "{version}");
        for (name, text) in files {
            assert_eq!(
                fs::read_to_string(target.path().join(name)).unwrap(),
                *text,
                "{version}"
            );
            let link = fs::read_link(target.path().join(name)).unwrap();
            assert_eq!(link, Path::new("..data").join(name), "{version}");
        }
        // The files' links, `..data` and the folder that it names.
        let entries = fs::read_dir(target.path()).unwrap().count();
        assert_eq!(entries, files.len() + 2, "{version}");
    }
}

#[test]
fn source_that_is_no_config_map_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in [
        "folder/inner",
        "large",
        "many",
        "dangling",
        "plain",
        "no-link/..data",
    ] {
        fs::create_dir_all(at(name)).unwrap();
    }
    fs::write(at("large").join("a"), vec![0; 1 << 19]).unwrap();
    fs::write(at("large").join("b"), vec![0; (1 << 19) + 1]).unwrap();
    for number in 0..1001 {
        fs::write(at("many").join(number.to_string()), "").unwrap();
    }
    symlink("..gone", at("dangling").join("..data")).unwrap();
    fs::write(at("plain").join("a"), vec![0; 1 << 20]).unwrap();
    for (name, words) in [
        ("folder", Some("inner: not a file")),
        ("large", Some("more than 1048576 bytes")),
        ("many", Some("more than 1000 files")),
        ("dangling", Some("..gone")),
        ("no-link", Some("..data")),
        ("absent", Some("absent")),
        ("plain", None),
    ] {
        let found = Version::read(&at(name)).map(|version| version.files());
        let said = found
            .as_ref()
            .err()
            .map(|error| format!("{error:#}"))
            .unwrap_or_default();
        assert_eq!(found.is_err(), words.is_some(), "{name}: {said}");
        assert!(said.contains(words.unwrap_or_default()), "{name}: {said}");
    }
}

#[test]
fn files_are_copied_only_with_their_policies() {
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
    for (case, files, target_authz, late, copied, routes) in [
        (
            "the first files",
            Some(first.as_slice()),
            a(),
            false,
            "copied",
            "1",
        ),
        (
            "nothing new, and the authz server is away",
            None,
            closed(),
            false,
            "unchanged",
            "1",
        ),
        (
            "a new policy is missing",
            Some(&second),
            a(),
            false,
            "waits",
            "1",
        ),
        (
            "the authz server is away",
            None,
            closed(),
            false,
            "waits",
            "1",
        ),
        ("the policy is there", None, both(), false, "copied", "2"),
        (
            "missing for too long",
            Some(&third),
            a(),
            true,
            "copied though missing",
            "3",
        ),
        (
            "no file of policies",
            Some(&[("routes.yaml", "4")]),
            both(),
            true,
            "error",
            "3",
        ),
    ] {
        if let Some(files) = files {
            mount(source.path(), case, files);
        }
        let found = match follow(target_authz).step(&mut in_force, late) {
            Ok(Step::Unchanged) => "unchanged",
            Ok(Step::Waits { .. }) => "waits",
            Ok(Step::Copied { missing, .. }) if missing.is_empty() => "copied",
            Ok(Step::Copied { .. }) => "copied though missing",
            Err(_) => "error",
        };
        assert_eq!(found, copied, "{case}");
        let there = fs::read_to_string(target.path().join("routes.yaml")).unwrap();
        assert_eq!(there, routes, "{case}");
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
