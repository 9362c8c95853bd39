use std::path::Path;

use clap::ValueEnum;

use super::REPOSITORY;
use crate::commands::lint::code::Code;

#[test]
fn lint_page_lists_every_code() {
    let document = std::fs::read_to_string(Path::new(REPOSITORY).join("docs/lint.md")).unwrap();
    let expected = Code::value_variants()
        .iter()
        .map(|code| format!("| `{}` | {} | {} |", code.name(), code.danger(), code.fix()));
    let rows: Vec<&str> = document
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    assert_eq!(
        rows,
        expected.collect::<Vec<_>>(),
        "docs/lint.md must have these rows"
    );
}
