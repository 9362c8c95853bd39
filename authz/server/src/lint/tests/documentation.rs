use std::path::Path;

use clap::ValueEnum;

use super::REPOSITORY;
use crate::lint::code::Code;

#[test]
fn the_document_has_every_code_with_its_danger_and_its_fix_and_no_other() {
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
