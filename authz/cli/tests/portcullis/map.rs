//! Compares the map of `ARCHITECTURE.md` with the crates and their dependencies.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic, its helpers outside #[test] functions too"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// Folders of crates that are in no image.
const NOT_SHIPPED: [&str; 3] = ["bench", "dev", "tests"];

/// Folders of crates, each with the folders of the crates that it depends on.
type Map = BTreeMap<String, BTreeSet<String>>;

/// The members of the workspace with their normal dependencies, from `cargo metadata`.
fn members() -> Map {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let root = Path::new(metadata["workspace_root"].as_str().unwrap());
    let folder = |path: &Path| {
        let inside = path.strip_prefix(root).unwrap();
        inside.to_str().unwrap().to_owned()
    };
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let manifest = Path::new(package["manifest_path"].as_str().unwrap());
            let dependencies = package["dependencies"].as_array().unwrap();
            let normal = dependencies
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .filter_map(|dependency| dependency["path"].as_str())
                .map(|path| folder(Path::new(path)))
                .collect();
            (folder(manifest.parent().unwrap()), normal)
        })
        .collect()
}

/// The parts of a cell between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The first and the last cell of each row of the map's table whose first column is `column`.
fn rows<'a>(page: &'a str, column: &str) -> Vec<(&'a str, &'a str)> {
    let (_, rest) = page.split_once("## The map").unwrap();
    let section = rest.split("\n## ").next().unwrap_or_default();
    let head = format!("| {column} |");
    section
        .lines()
        .skip_while(|line| !line.starts_with(&head))
        .skip(2)
        .map_while(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .filter_map(|row| Some((row.split(" | ").next()?, row.rsplit(" | ").next()?)))
        .collect()
}

fn page() -> String {
    std::fs::read_to_string(Path::new(ROOT).join("ARCHITECTURE.md")).unwrap()
}

#[test]
fn map_has_each_crate_with_its_dependencies() {
    let page = page();
    let rows = rows(&page, "crate");
    let written: Map = rows
        .iter()
        .map(|(crates, dependencies)| {
            let [folder] = quoted(crates)[..] else {
                panic!("ARCHITECTURE.md: '{crates}' is not one folder of a crate in backticks")
            };
            let dependencies = quoted(dependencies);
            (
                folder.to_owned(),
                dependencies.into_iter().map(str::to_owned).collect(),
            )
        })
        .collect();
    assert_eq!(
        written.len(),
        rows.len(),
        "ARCHITECTURE.md: a crate has two rows"
    );
    let members = members();
    let folders = |map: &Map| map.keys().cloned().collect::<BTreeSet<String>>();
    assert_eq!(
        folders(&written),
        folders(&members),
        "ARCHITECTURE.md (left): a row for each member of the workspace (right) and no other"
    );
    for (folder, dependencies) in members {
        assert_eq!(
            written.get(&folder),
            Some(&dependencies),
            "ARCHITECTURE.md (left) and Cargo.toml (right): what {folder} depends on"
        );
    }
}

#[test]
fn map_names_folders_that_exist() {
    let page = page();
    let rows = rows(&page, "folder");
    assert!(!rows.is_empty(), "ARCHITECTURE.md: no table of folders");
    for (folders, _) in rows {
        let folders = quoted(folders);
        assert!(!folders.is_empty(), "ARCHITECTURE.md: a row without folder");
        for folder in folders {
            assert!(
                Path::new(ROOT).join(folder).is_dir(),
                "ARCHITECTURE.md: there is no folder {folder}"
            );
        }
    }
}

#[test]
fn shipped_crates_do_not_depend_on_crates_for_tests() {
    let is_shipped = |folder: &str| {
        let top = folder.split('/').next().unwrap_or_default();
        !NOT_SHIPPED.contains(&top)
    };
    for (folder, dependencies) in members() {
        if is_shipped(&folder) {
            let wrong: Vec<String> = dependencies
                .into_iter()
                .filter(|dependency| !is_shipped(dependency))
                .collect();
            assert!(wrong.is_empty(), "{folder} depends on {wrong:?}");
        }
    }
}
