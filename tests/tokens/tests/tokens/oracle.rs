//! An independent implementation verifies the same tokens.
//!
//! `oracle/disagreements.json` explains each difference.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail by panicking"
)]

use std::io::{BufWriter, Write};
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis_token::{Audiences, CallerKind, Reason};
use serde_json::{Value, json};
use token_tests::attacks::case::{Court, Judge, Presented};
use token_tests::attacks::families;
use token_tests::issuer::{API, CLOUD, Issuer, KEY_ID, NOW, SECOND_TENANT, TENANT, listed, sign};
use token_tests::kinds;
use token_tests::matrix::{claims, product, written};

const RUN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/oracle/run");

fn line(name: &str, lines: &[Vec<u8>], now: u64, reason: Option<&str>) -> Value {
    let lines: Vec<String> = lines.iter().map(|line| STANDARD.encode(line)).collect();
    json!({ "name": name, "lines": lines, "now": now, "reason": reason })
}

/// Returns the line of a combination's token. The oracle also compares the kind of caller.
fn matrix_line(name: &str, token: &str, told: Result<CallerKind, Reason>) -> Value {
    json!({
        "name": name,
        "lines": [STANDARD.encode(format!("Bearer {token}"))],
        "now": NOW + 1,
        "reason": told.err().map(Reason::code),
        "kind": told.ok().map(CallerKind::as_str),
    })
}

/// Returns what the oracle needs to know: tenants, API, cloud, published keys and provider.
fn description(issuer: &Issuer) -> Value {
    let keys = [TENANT, SECOND_TENANT].into_iter().flat_map(|tenant| {
        [("1.0", "discovery/keys"), ("2.0", "discovery/v2.0/keys")].map(|(version, path)| {
            (
                format!("{tenant} {version}"),
                issuer.published(&format!("/{tenant}/{path}")).unwrap(),
            )
        })
    });
    let keys: serde_json::Map<String, Value> = keys.collect();
    json!({
        "tenants": [TENANT, SECOND_TENANT],
        "api": API,
        "cloud": CLOUD,
        "keys": keys,
        "provider": {
            "issuer": kinds::ISSUER,
            "audience": kinds::AUDIENCE,
            "keys": kinds::key_set(&issuer.keys),
        },
    })
}

#[tokio::test]
async fn independent_verifier_agrees_except_for_explained_differences() {
    let issuer = Issuer::start();
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut out = BufWriter::new(&file);
    writeln!(out, "{}", description(&issuer)).unwrap();
    // Another test asserts the decisions of the verifier; this one only compares them.
    let court = Court::of(&issuer, "https://127.0.0.1:1").await;
    for family in families(&issuer.keys, &issuer.authority, "127.0.0.1:1") {
        for case in family
            .cases
            .iter()
            .filter(|case| case.judge == Judge::Listed)
        {
            let lines = match &case.presented {
                Presented::Lines(lines) => lines.clone(),
                Presented::Token(token) => vec![format!("Bearer {token}").into_bytes()],
            };
            let reason = court.denial_reason(case).await.map(Reason::code);
            let name = format!("{}: {}", family.name, case.name);
            writeln!(out, "{}", line(&name, &lines, case.now, reason)).unwrap();
        }
    }
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": KEY_ID}).to_string();
    let verifier = issuer.verifier(listed()).await;
    for tuple in product() {
        let token = sign(&issuer.keys.good, &header, claims(tuple).to_string());
        let audiences = Audiences::Application(API.to_owned());
        let decision = verifier.verify_at_hand(&token, &audiences, NOW + 1);
        let told = decision
            .map(|verified| verified.caller.kind)
            .map_err(|denied| denied.reason);
        assert_eq!(told.is_ok(), written().contains_key(&tuple));
        writeln!(
            out,
            "{}",
            matrix_line(&format!("matrix: {tuple:?}"), &token, told)
        )
        .unwrap();
    }
    let provider = kinds::verifier(&issuer.keys, None);
    provider.ready(Duration::from_secs(20)).await.unwrap();
    for tuple in kinds::product() {
        let token = kinds::token(&issuer.keys, tuple);
        let told = kinds::told(&provider, &token);
        writeln!(
            out,
            "{}",
            matrix_line(&format!("kinds: {tuple:?}"), &token, told)
        )
        .unwrap();
    }
    out.flush().unwrap();
    drop(out);
    let judged = Command::new(RUN).arg(file.path()).output().unwrap();
    let text = String::from_utf8_lossy(&judged.stdout).into_owned()
        + &String::from_utf8_lossy(&judged.stderr);
    println!("{text}");
    assert!(judged.status.success(), "{text}");
}
