use std::path::Path;

use super::{MacKeyFolder, UpstreamMacKeys};

const FIRST: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const SECOND: &str = "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

#[test]
fn each_file_is_named_after_its_upstream() {
    let folder = folder(&[
        ("task-api", FIRST),
        ("notification", SECOND),
        (".task-api.next", "half a k"),
    ]);
    let keys = UpstreamMacKeys::read(folder.path()).unwrap();
    assert_eq!(
        keys.key_ids().into_keys().collect::<Vec<_>>(),
        ["notification", "task-api"]
    );
    assert!(keys.get("task-api").is_some() && keys.get("audit").is_none());
}

#[test]
fn folder_is_read_as_kubernetes_mounts_it() {
    let folder = folder(&[]);
    let data = folder.path().join("..2026");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("task-api"), FIRST).unwrap();
    std::os::unix::fs::symlink("..2026", folder.path().join("..data")).unwrap();
    std::os::unix::fs::symlink("..data/task-api", folder.path().join("task-api")).unwrap();
    assert!(
        UpstreamMacKeys::read(folder.path())
            .unwrap()
            .get("task-api")
            .is_some()
    );
}

#[test]
fn mistakes_are_named_with_their_file_and_without_keys() {
    struct Case<'a> {
        name: &'static str,
        files: Vec<(&'static str, &'a str)>,
        expected: &'static str,
    }
    let both = format!("{SECOND}\n{FIRST}");
    for Case {
        name,
        files,
        expected,
    } in [
        Case {
            name: "an empty file",
            files: vec![("task-api", "")],
            expected: "/task-api: holds no key",
        },
        Case {
            name: "a short key",
            files: vec![("task-api", FIRST), ("audit", "c2hvcnQ=")],
            expected: "/audit: line 1 has a key of 5 bytes",
        },
        Case {
            name: "one key for two upstreams",
            files: vec![("task-api", FIRST), ("audit", &both)],
            expected: "audit and task-api have the same key",
        },
    ] {
        let folder = folder(&files);
        let problems = UpstreamMacKeys::read(folder.path()).unwrap_err();
        assert!(
            problems.len() == 1 && problems[0].contains(expected),
            "{name}: {problems:?}"
        );
        assert!(
            problems[0].starts_with("--assertion-mac-keys "),
            "{name}: {problems:?}"
        );
        assert!(
            !problems[0].contains(FIRST.trim_end_matches('=')),
            "{name}: {problems:?}"
        );
    }
    let nested = folder(&[]);
    std::fs::create_dir(nested.path().join("task-api")).unwrap();
    for folder in [nested.path(), Path::new("absent")] {
        let problem = MacKeyFolder::open(Some(folder))
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(
            problem.contains("--assertion-mac-keys") && problem.contains("cannot be read"),
            "{problem}"
        );
    }
    assert!(MacKeyFolder::open(None).is_ok_and(|(_, folder)| folder.is_none()));
}
