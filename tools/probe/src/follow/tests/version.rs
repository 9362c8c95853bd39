use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::mount;
use crate::follow::version::Version;

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
    struct Case {
        name: &'static str,
        words: Option<&'static str>,
    }

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
    for Case { name, words } in [
        Case {
            name: "folder",
            words: Some("inner: not a file"),
        },
        Case {
            name: "large",
            words: Some("more than 1048576 bytes"),
        },
        Case {
            name: "many",
            words: Some("more than 1000 files"),
        },
        Case {
            name: "dangling",
            words: Some("..gone"),
        },
        Case {
            name: "no-link",
            words: Some("..data"),
        },
        Case {
            name: "absent",
            words: Some("absent"),
        },
        Case {
            name: "plain",
            words: None,
        },
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
