//! `docs/verify-assertion.md` shows the files that the other tests run.
//!
//! `WRITE_PAGES=1` rewrites the page.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_assertion::{AssertedRequest, Assertion, Signer};
use portcullis_token::{Caller, CallerKind};
use serde_json::{Map, Value};

const PAGE: &str = "docs/verify-assertion.md";

fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Returns the page with the content of FILE in each block after `<!-- FILE -->`.
fn with_files(page: &str) -> String {
    let mut parts = page.split("<!-- ");
    let mut written = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, after) = part.split_once(" -->\n\n```").unwrap();
        let (language, after) = after.split_once('\n').unwrap();
        let (_, rest) = after.split_once("```\n").unwrap();
        written += &[
            &format!("<!-- {name} -->\n\n```{language}\n"),
            &*read(name),
            "```\n",
            rest,
        ]
        .concat();
    }
    written
}

#[test]
fn page_shows_the_tested_files() {
    let page = read(PAGE);
    let written = with_files(&page);
    for language in [
        "python/assertion.py",
        "node/assertion.mjs",
        "go/assertion.go",
    ] {
        assert!(
            page.contains(&format!("<!-- examples/backends/{language} -->")),
            "{PAGE} lacks {language}"
        );
    }
    if std::env::var_os("WRITE_PAGES").is_some() {
        return std::fs::write(path(PAGE), written).unwrap();
    }
    assert_eq!(
        page, written,
        "{PAGE} differs from the files in examples/backends; run: make generate"
    );
}

#[test]
fn page_table_has_every_member_of_an_assertion() {
    let page = read(PAGE);
    let table = page
        .split("\n## ")
        .find(|section| section.starts_with("The format"))
        .unwrap();
    let in_table: BTreeSet<String> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .map(|(names, _)| names.to_owned())
        .collect();
    let signed = signed_members();
    assert_eq!(
        in_table, signed,
        "members in the table of {PAGE}, and in a signed assertion"
    );
}

fn signed_members() -> BTreeSet<String> {
    let string = || Some("x".to_owned());
    let caller = Caller {
        tenant: "x".to_owned(),
        object_id: "x".to_owned(),
        kind: CallerKind::User,
        actor: string(),
        name: string(),
        email: string(),
        roles: Vec::new(),
        scopes: Vec::new(),
    };
    let request = Some(AssertedRequest {
        id: "x".to_owned(),
        method: "GET".to_owned(),
        path: "/".to_owned(),
    });
    let assertion = Assertion {
        audience: "x".to_owned(),
        caller,
        request,
        issued_at: 0,
    };
    let token = Signer::generate().unwrap().sign(&assertion).unwrap();
    let decoded = |part: &str| -> Map<String, Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    token
        .split('.')
        .take(2)
        .flat_map(|part| decoded(part).into_iter().map(|(name, _)| name))
        .collect()
}
