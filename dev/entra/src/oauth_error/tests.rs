//! Each AADSTS number has a test in which a request is denied with it.

use std::collections::BTreeSet;
use std::path::Path;

/// Numbers that no request causes: the system has to fail.
const FAULTS: [&str; 1] = ["90033"];

#[test]
fn each_number_is_in_a_test() {
    let numbers = numbers_of_errors();
    assert!(numbers.len() > 50, "{numbers:?}");
    let mut tested = BTreeSet::new();
    collect(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut tested,
    );
    let untested: Vec<&String> = numbers
        .iter()
        .filter(|number| !tested.contains(*number) && !FAULTS.contains(&number.as_str()))
        .collect();
    assert!(
        untested.is_empty(),
        "no test denies a request with {untested:?}; add a row, for example to \
         sign_in/refusal_tests.rs or token_endpoint/refusal_tests.rs"
    );
}

/// The numbers in the body of `OAuthError::code`.
fn numbers_of_errors() -> BTreeSet<String> {
    let source = include_str!("../oauth_error.rs");
    let from = source.split("fn code(&self)").nth(1).unwrap();
    let body = from.split("fn suberror(&self)").next().unwrap();
    body.split('(')
        .filter_map(|text| text.split_once(", \""))
        .map(|(number, _)| number.replace('_', ""))
        .filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
        .collect()
}

/// Adds the numbers in the tests of `folder`.
fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
            continue;
        }
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        if is_source {
            let text = std::fs::read_to_string(&path).unwrap();
            found.extend(numbers_in(tests_of(&path, &text)));
        }
    }
}

/// The whole text of a file of tests, or what follows `mod tests {`.
fn tests_of<'a>(path: &Path, text: &'a str) -> &'a str {
    let name = path.to_string_lossy();
    if name.contains("oauth_error") {
        ""
    } else if name.contains("tests") {
        text
    } else {
        text.split_once("#[cfg(test)]\nmod tests {")
            .map_or("", |(_, tests)| tests)
    }
}

fn numbers_in(text: &str) -> Vec<String> {
    text.replace('_', "")
        .split(|letter: char| !letter.is_ascii_digit())
        .map(str::to_owned)
        .collect()
}
