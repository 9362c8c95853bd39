//! Each test that `docs/cves.md` and `SECURITY.md` name exists.
//!
//! Each row of their tables names a test as `path/to/file.rs::test_name`.

use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// A row of a table whose last column is `test`.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    /// The first cell.
    pub(crate) subject: &'a str,
    /// The last cell.
    cell: &'a str,
}

/// Reads a page of the repository.
pub(crate) fn read_page(path: &str) -> std::io::Result<String> {
    std::fs::read_to_string(Path::new(ROOT).join(path))
}

/// Returns the rows of all tables of a page whose last column is `test`.
pub(crate) fn rows(page: &str) -> Vec<Row<'_>> {
    let mut found = Vec::new();
    let mut is_in_table = false;
    for line in page.lines() {
        if line.starts_with("|-") {
            continue;
        }
        let Some(cells) = line
            .strip_prefix("| ")
            .and_then(|line| line.strip_suffix(" |"))
        else {
            is_in_table = false;
            continue;
        };
        let subject = cells.split(" | ").next().unwrap_or_default();
        let cell = cells.rsplit(" | ").next().unwrap_or_default();
        if is_in_table {
            found.push(Row { subject, cell });
        } else {
            is_in_table = cell == "test";
        }
    }
    found
}

impl Row<'_> {
    /// Returns the strings in backticks in the last cell.
    pub(crate) fn tests(&self) -> impl Iterator<Item = &str> {
        self.cell.split('`').skip(1).step_by(2)
    }

    /// Returns the errors of the row: it names no test, or a test that does not exist.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        let subject = self.subject;
        if self.tests().next().is_none() {
            return vec![format!("{subject}: names no test")];
        }
        self.tests()
            .filter(|test| !exists(test))
            .map(|test| format!("{subject}: {test} is not FILE::TEST of a test that exists"))
            .collect()
    }
}

fn exists(test: &str) -> bool {
    let Some((file, name)) = test.split_once("::") else {
        return false;
    };
    let path = Path::new(ROOT).join(file);
    let source = std::fs::read_to_string(&path).unwrap_or_default();
    let lines: Vec<&str> = source.lines().collect();
    if path.extension().is_some_and(|extension| extension == "py") {
        let definition = format!("def {name}(");
        return name.starts_with("test_") && lines.iter().any(|line| line.starts_with(&definition));
    }
    let function = format!("fn {name}(");
    let row_of_macro = format!("{name} = \"");
    lines.iter().enumerate().any(|(number, line)| {
        line.trim_start().starts_with(&row_of_macro)
            || (line.contains(&function) && is_test(lines.iter().take(number).rev().copied()))
    })
}

/// Returns whether a test attribute is among the lines above a function, nearest first, up to a
/// blank line or the end of another item.
fn is_test<'a>(above: impl Iterator<Item = &'a str>) -> bool {
    above
        .map(str::trim)
        .take_while(|line| !line.is_empty() && !line.starts_with('}'))
        .any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
}

#[test]
fn security_promises_name_tests_that_exist() {
    let page = read_page("SECURITY.md").unwrap();
    let promises = rows(&page);
    assert!(promises.len() > 20, "SECURITY.md has a table of promises");
    let mistakes: Vec<String> = promises.iter().flat_map(Row::mistakes).collect();
    assert!(mistakes.is_empty(), "SECURITY.md:\n{}", mistakes.join("\n"));
}

#[test]
fn row_without_an_existing_test_is_a_mistake() {
    struct Case {
        name: &'static str,
        cell: String,
        mistakes: usize,
    }

    let here = "tests/gateway/tests/gateway/linked_tests.rs";
    let golden = "tests/charts/test_golden.py";
    for Case {
        name,
        cell,
        mistakes,
    } in [
        Case {
            name: "Rust test",
            cell: format!("`{here}::security_promises_name_tests_that_exist`"),
            mistakes: 0,
        },
        Case {
            name: "Python test",
            cell: format!("`{golden}::test_every_golden_file_has_a_profile`"),
            mistakes: 0,
        },
        Case {
            name: "row with words behind",
            cell: "`tests/gateway/tests/gateway/outcomes.rs::roles`, and more".to_owned(),
            mistakes: 0,
        },
        Case {
            name: "function that is no test",
            cell: format!("`{here}::is_test`"),
            mistakes: 1,
        },
        Case {
            name: "no such test",
            cell: format!("`{here}::no_such_test`"),
            mistakes: 1,
        },
        Case {
            name: "two mistakes",
            cell: format!("`{here}::is_test`, `{here}::no_such_test`"),
            mistakes: 2,
        },
        Case {
            name: "Python function that is no test",
            cell: format!("`{golden}::canonical`"),
            mistakes: 1,
        },
        Case {
            name: "no such file",
            cell: "`tests/gateway/no_such_file.rs::rows`".to_owned(),
            mistakes: 1,
        },
        Case {
            name: "folder and words",
            cell: "`tests/gateway`: spoofed identity".to_owned(),
            mistakes: 1,
        },
        Case {
            name: "no test named",
            cell: "tests/gateway".to_owned(),
            mistakes: 1,
        },
    ] {
        let page = format!("| promise | test |\n|---|---|\n| p | {cell} |\n\n| a | b |\n");
        let rows = rows(&page);
        assert_eq!(rows.len(), 1, "{name}: {page}");
        assert_eq!(rows[0].mistakes().len(), mistakes, "{name}: {cell}");
    }
}
