//! The example backends as they run: a real server in each language, asked with good and bad assertions.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that can't go on fails"
)]

mod backend;
mod gate;
mod refused;
mod signing_key;
mod through_envoy;

use std::time::{Duration, Instant};

use futures::future::join_all;
use portcullis_assertion::{Assertion, HEADER};
use portcullis_token::{Caller, CallerKind, unix_now};
use serde_json::json;
use tokio::time::{interval, timeout};

use crate::backend::{Backend, Example, Unbound};
use crate::gate::{Gate, assertion, bound};
use crate::refused::refused;
use crate::signing_key::SigningKey;

#[tokio::test]
async fn python() {
    all("python").await;
}

#[tokio::test]
async fn node() {
    all("node").await;
}

#[tokio::test]
async fn go() {
    all("go").await;
}

async fn all(language: &str) {
    let Some(example) = Example::prepare(language) else { return };
    assert!(example.complaint().contains("GATEWAY_KEYS_URL is not set"), "{}", example.complaint());
    let (gate, key) = (Gate::start().await, SigningKey::generate());
    let backend = example.start(&gate.keys_url, Unbound::Refused).await;
    keys_that_cannot_be_had_are_a_fault_of_ours(&backend, &gate, &key).await;
    good_assertions_become_their_callers(&backend, &key).await;
    for row in refused(&key) {
        let headers: Vec<(&str, &str)> = row.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        backend.answer("GET /orders?page=2", &headers).await.must_be_problem(401, row.reason, &row.case);
    }
    only_what_was_asked_for_is_answered(&backend, &key).await;
    unknown_keys_are_asked_for_once_a_second(&backend, &gate).await;
    the_key_of_a_restarted_gate_is_fetched(&backend, &gate, &key).await;
    one_for_any_request_will_do_where_that_is_set(&example).await;
}

async fn keys_that_cannot_be_had_are_a_fault_of_ours(backend: &Backend, gate: &Gate, key: &SigningKey) {
    let token = key.signer.sign(&assertion()).unwrap();
    backend.answer_to(&token).await.must_be_problem(503, "gateway_keys_unavailable", "no keys yet");
    gate.publish(key);
    becomes_good(backend, key).await;
}

/// Asks until a fresh assertion of `key` is taken.
async fn becomes_good(backend: &Backend, key: &SigningKey) {
    let accepted = async {
        let mut pause = interval(Duration::from_millis(50));
        while backend.answer_to(&key.signer.sign(&assertion()).unwrap()).await.status != 200 {
            pause.tick().await;
        }
    };
    timeout(Duration::from_secs(20), accepted).await.expect("the published key is never accepted");
}

async fn good_assertions_become_their_callers(backend: &Backend, key: &SigningKey) {
    let application = Caller {
        kind: CallerKind::Application,
        name: None,
        roles: Vec::new(),
        scopes: Vec::new(),
        ..assertion().caller
    };
    let with = |path: &str| Assertion { request: Some(bound("GET", path)), ..assertion() };
    let bare = ("x-user-oid", "somebody-else");
    for (path, headers, good) in [
        ("/orders?page=2", vec![], assertion()),
        ("/orders?page=2", vec![bare, ("x-user-roles", "Admin")], assertion()),
        ("/orders?page=2", vec![], Assertion { caller: application, ..assertion() }),
        ("/orders?page=2", vec![], Assertion { issued_at: unix_now() - 59, ..assertion() }),
        ("/orders?page=2", vec![], Assertion { issued_at: unix_now() + 2, ..assertion() }),
        ("/orders", vec![], with("/orders")),
        ("/orders?", vec![], with("/orders?")),
        (
            "/orders?name=Ren%C3%A9e&next=%2forders%3Fa+b&x=a%00",
            vec![],
            with("/orders?name=Ren%C3%A9e&next=%2forders%3Fa+b&x=a%00"),
        ),
    ] {
        let token = key.signer.sign(&good).unwrap();
        let headers: Vec<(&str, &str)> = headers.into_iter().chain([(HEADER, &*token)]).collect();
        let answer = backend.answer(&format!("GET {path}"), &headers).await;
        let Caller { tenant, object_id, kind, roles, scopes, .. } = good.caller;
        let (caller, kind) = (&answer.body["caller"], kind.as_str());
        let expected = json!({"tenant": tenant, "objectId": object_id, "kind": kind, "roles": roles, "scopes": scopes});
        assert_eq!((answer.status, &*answer.media_type, caller), (200, "application/json", &expected), "{path}");
    }
}

async fn only_what_was_asked_for_is_answered(backend: &Backend, key: &SigningKey) {
    for (line, status, reason) in [
        ("GET /invoices", 404, "not_found"),
        ("POST /orders", 405, "method_not_allowed"),
        ("DELETE /orders?page=2", 405, "method_not_allowed"),
    ] {
        let (method, path) = line.split_once(' ').unwrap();
        let own = key.signer.sign(&Assertion { request: Some(bound(method, path)), ..assertion() }).unwrap();
        backend.answer(line, &[(HEADER, &own)]).await.must_be_problem(status, reason, line);
        let others = key.signer.sign(&assertion()).unwrap();
        let answer = backend.answer(line, &[(HEADER, &others)]).await;
        answer.must_be_problem(401, "assertion_for_other_request", line);
    }
}

async fn unknown_keys_are_asked_for_once_a_second(backend: &Backend, gate: &Gate) {
    let (before, start) = (gate.fetches(), Instant::now());
    let forged: Vec<String> = (0..20).map(|_| SigningKey::generate().signer.sign(&assertion()).unwrap()).collect();
    for answer in join_all(forged.iter().map(|token| backend.answer_to(token))).await {
        answer.must_be_problem(401, "assertion_not_genuine", "an unknown key");
    }
    let (fetches, seconds) = (u64::from(gate.fetches() - before), start.elapsed().as_secs());
    assert!(fetches <= seconds + 2, "20 unknown keys made {fetches} fetches in {seconds} s");
}

async fn the_key_of_a_restarted_gate_is_fetched(backend: &Backend, gate: &Gate, key: &SigningKey) {
    let restarted = SigningKey::generate();
    gate.publish(&restarted);
    becomes_good(backend, &restarted).await;
    let old = key.signer.sign(&assertion()).unwrap();
    backend.answer_to(&old).await.must_be_problem(401, "assertion_not_genuine", "the old key is published no more");
}

async fn one_for_any_request_will_do_where_that_is_set(example: &Example) {
    let (gate, key) = (Gate::start().await, SigningKey::generate());
    gate.publish(&key);
    let backend = example.start(&gate.keys_url, Unbound::WillDo).await;
    let unbound = Assertion { request: None, ..assertion() };
    for line in ["GET /orders?page=2", "GET /orders"] {
        let token = key.signer.sign(&unbound).unwrap();
        assert_eq!(backend.answer(line, &[(HEADER, &token)]).await.status, 200, "{line}");
    }
    for row in refused(&key).into_iter().filter(|row| row.reason != "assertion_not_bound") {
        let headers: Vec<(&str, &str)> = row.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        backend.answer("GET /orders?page=2", &headers).await.must_be_problem(401, row.reason, &row.case);
    }
}
