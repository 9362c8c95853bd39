//! The groups of modules in `lib.rs` are layers, so data flows one way: no two modules need each
//! other.

use std::collections::HashMap;
use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");

/// The modules of `lib.rs` without those of tests, each with the number of its group.
fn groups(lib: &str) -> HashMap<&str, usize> {
    let mut group = 0;
    let mut groups = HashMap::new();
    let mut last = "";
    for line in lib.lines() {
        let module = line
            .strip_prefix("mod ")
            .and_then(|rest| rest.strip_suffix(';'));
        match module {
            Some(module) if last != "#[cfg(test)]" => drop(groups.insert(module, group)),
            _ if line.is_empty() => group += 1,
            _ => {}
        }
        last = line;
    }
    groups
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// The names that follow `crate::`, outside comments and unit tests.
fn used(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| {
            rest.chars()
                .take_while(|character| character.is_alphanumeric() || *character == '_')
                .collect()
        })
        .collect()
}

#[test]
fn module_uses_only_modules_of_the_groups_above() {
    let lib = read_to_string(Path::new(SOURCES).join("lib.rs")).unwrap();
    let groups = groups(&lib);
    let mut uses = 0;
    for file in files(Path::new(SOURCES)) {
        let path = file.strip_prefix(SOURCES).unwrap().to_str().unwrap();
        let module = path.split(['/', '.']).next().unwrap();
        let Some(group) = groups.get(module).filter(|_| !path.contains("tests")) else {
            continue;
        };
        for name in used(&read_to_string(&file).unwrap()) {
            let is_above = groups.get(&*name).is_some_and(|above| above < group);
            assert!(name == module || is_above, "{path} uses {name}");
            uses += 1;
        }
    }
    assert!(groups.len() > 10 && uses > 50, "{groups:?}, {uses} uses");
}
