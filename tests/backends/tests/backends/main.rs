//! The example backends as they run: a real server in each language, asked with good and bad
//! assertions.

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
mod page;
mod refused;
mod shared_key;
mod signing_key;
mod through_envoy;

use std::path::Path;
use std::time::{Duration, Instant};

use futures::future::join_all;
use portcullis_assertion::{Assertion, HEADER};
use portcullis_token::{Caller, CallerKind, unix_now};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::{interval, sleep, timeout};

use crate::backend::{Backend, Example, Keys, Unbound};
use crate::gate::{Gate, assertion, bound};
use crate::refused::{Refused, other_shared_keys, refused, refused_by_mac};
use crate::shared_key::{SharedKey, write_key_file};
use crate::signing_key::{AssertionKey, SigningKey};

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
    let Some(example) = Example::prepare(language) else {
        return;
    };
    let complaint = example.complaint();
    assert!(
        complaint.contains("GATEWAY_MAC_KEY_FILE") && complaint.contains("GATEWAY_KEYS_URL"),
        "{complaint}"
    );
    by_public_keys(&example).await;
    by_shared_keys(&example).await;
    by_both(&example).await;
}

async fn by_public_keys(example: &Example) {
    let (gate, key) = (Gate::start().await, SigningKey::generate());
    let keys = Keys {
        url: Some(&gate.keys_url),
        file: None,
    };
    let backend = example.start(keys, Unbound::Refused).await;
    keys_that_cannot_be_had_are_a_fault_of_ours(&backend, &gate, &key).await;
    good_assertions_become_their_callers(&backend, &key).await;
    all_are_refused(&backend, refused(&key)).await;
    let shared = SharedKey::generate();
    all_are_refused(&backend, other_shared_keys(&shared, &key)).await;
    let by_mac = shared.assert(&assertion());
    backend
        .answer_to(&by_mac)
        .await
        .must_be_problem(401, "assertion_not_genuine", "a MAC");
    only_what_was_asked_for_is_answered(&backend, &key).await;
    unknown_keys_are_asked_for_once_a_second(&backend, &gate).await;
    the_key_of_a_restarted_gate_is_fetched(&backend, &gate, &key).await;
    a_removed_key_stops_verifying_within_seconds(&backend, &gate).await;
    let unbound_will_do = example.start(keys, Unbound::WillDo).await;
    gate.publish(&[&key]);
    one_for_any_request_will_do_where_that_is_set(&unbound_will_do, &key, refused(&key)).await;
}

async fn by_shared_keys(example: &Example) {
    let (folder, key, public) = (
        TempDir::new().unwrap(),
        SharedKey::generate(),
        SigningKey::generate(),
    );
    let file = write_key_file(folder.path(), &format!("# for a test\n\n{}", key.line()));
    let keys = Keys {
        url: None,
        file: Some(&file),
    };
    let backend = example.start(keys, Unbound::Refused).await;
    good_assertions_become_their_callers(&backend, &key).await;
    all_are_refused(&backend, refused_by_mac(&key, &public)).await;
    let signed = public.assert(&assertion());
    backend
        .answer_to(&signed)
        .await
        .must_be_problem(401, "assertion_not_genuine", "a signature");
    only_what_was_asked_for_is_answered(&backend, &key).await;
    a_changed_file_is_read(&backend, folder.path(), &key).await;
    write_key_file(folder.path(), &key.line());
    let unbound_will_do = example.start(keys, Unbound::WillDo).await;
    one_for_any_request_will_do_where_that_is_set(
        &unbound_will_do,
        &key,
        refused_by_mac(&key, &public),
    )
    .await;
}

/// As while a backend moves from one to the other.
async fn by_both(example: &Example) {
    let (gate, public) = (Gate::start().await, SigningKey::generate());
    gate.publish(&[&public]);
    let (folder, shared) = (TempDir::new().unwrap(), SharedKey::generate());
    let file = write_key_file(folder.path(), &shared.line());
    let keys = Keys {
        url: Some(&gate.keys_url),
        file: Some(&file),
    };
    let backend = example.start(keys, Unbound::Refused).await;
    for token in [public.assert(&assertion()), shared.assert(&assertion())] {
        assert_eq!(backend.answer_to(&token).await.status, 200);
    }
    all_are_refused(&backend, refused(&public)).await;
    all_are_refused(&backend, refused_by_mac(&shared, &public)).await;
}

async fn all_are_refused(backend: &Backend, rows: Vec<Refused>) {
    for row in rows {
        let headers: Vec<(&str, &str)> = row
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        backend
            .answer("GET /orders?page=2", &headers)
            .await
            .must_be_problem(401, row.reason, &row.case);
    }
}

async fn a_changed_file_is_read(backend: &Backend, folder: &Path, key: &SharedKey) {
    let next = SharedKey::generate();
    write_key_file(folder, &format!("{}{}", key.line(), next.line()));
    becomes_good(backend, &next).await;
    for bad in ["", "c2hvcnQ=", "-----BEGIN PRIVATE KEY-----"] {
        write_key_file(folder, bad);
        assert_eq!(
            backend.answer_to(&next.assert(&assertion())).await.status,
            200,
            "{bad} changes nothing"
        );
    }
    write_key_file(folder, &next.line());
    becomes_good(backend, &next).await;
    let removed = key.assert(&assertion());
    backend.answer_to(&removed).await.must_be_problem(
        401,
        "assertion_not_genuine",
        "the removed key",
    );
}

async fn keys_that_cannot_be_had_are_a_fault_of_ours(
    backend: &Backend,
    gate: &Gate,
    key: &SigningKey,
) {
    let token = key.assert(&assertion());
    backend
        .answer_to(&token)
        .await
        .must_be_problem(503, "gateway_keys_unavailable", "no keys yet");
    gate.publish(&[key]);
    becomes_good(backend, key).await;
}

/// Asks until a fresh assertion of `key` is taken.
async fn becomes_good(backend: &Backend, key: &impl AssertionKey) {
    let accepted = async {
        let mut pause = interval(Duration::from_millis(50));
        while backend.answer_to(&key.assert(&assertion())).await.status != 200 {
            pause.tick().await;
        }
    };
    timeout(Duration::from_secs(20), accepted)
        .await
        .expect("the published key is never accepted");
}

async fn good_assertions_become_their_callers(backend: &Backend, key: &impl AssertionKey) {
    let application = Caller {
        kind: CallerKind::Application,
        name: None,
        roles: Vec::new(),
        scopes: Vec::new(),
        ..assertion().caller
    };
    let with = |path: &str| Assertion {
        request: Some(bound("GET", path)),
        ..assertion()
    };
    let bare = ("x-user-oid", "somebody-else");
    for (path, headers, good) in [
        ("/orders?page=2", vec![], assertion()),
        (
            "/orders?page=2",
            vec![bare, ("x-user-roles", "Admin")],
            assertion(),
        ),
        (
            "/orders?page=2",
            vec![],
            Assertion {
                caller: application,
                ..assertion()
            },
        ),
        (
            "/orders?page=2",
            vec![],
            Assertion {
                issued_at: unix_now() - 30,
                ..assertion()
            },
        ),
        (
            "/orders?page=2",
            vec![],
            Assertion {
                issued_at: unix_now() + 2,
                ..assertion()
            },
        ),
        ("/orders", vec![], with("/orders")),
        ("/orders?", vec![], with("/orders?")),
        (
            "/orders?name=Ren%C3%A9e&next=%2forders%3Fa+b&x=a%00",
            vec![],
            with("/orders?name=Ren%C3%A9e&next=%2forders%3Fa+b&x=a%00"),
        ),
    ] {
        let token = key.assert(&good);
        let headers: Vec<(&str, &str)> = headers.into_iter().chain([(HEADER, &*token)]).collect();
        let answer = backend.answer(&format!("GET {path}"), &headers).await;
        let Caller {
            tenant,
            object_id,
            kind,
            roles,
            scopes,
            ..
        } = good.caller;
        let (caller, kind) = (&answer.body["caller"], kind.as_str());
        let expected = json!({"tenant": tenant, "objectId": object_id, "kind": kind, "roles": roles, "scopes": scopes});
        assert_eq!(
            (answer.status, &*answer.media_type, caller),
            (200, "application/json", &expected),
            "{path}"
        );
    }
}

async fn only_what_was_asked_for_is_answered(backend: &Backend, key: &impl AssertionKey) {
    for (line, status, reason) in [
        ("GET /invoices", 404, "not_found"),
        ("POST /orders", 405, "method_not_allowed"),
        ("DELETE /orders?page=2", 405, "method_not_allowed"),
    ] {
        let (method, path) = line.split_once(' ').unwrap();
        let own = key.assert(&Assertion {
            request: Some(bound(method, path)),
            ..assertion()
        });
        backend
            .answer(line, &[(HEADER, &own)])
            .await
            .must_be_problem(status, reason, line);
        let others = key.assert(&assertion());
        let answer = backend.answer(line, &[(HEADER, &others)]).await;
        answer.must_be_problem(401, "assertion_for_other_request", line);
    }
}

async fn unknown_keys_are_asked_for_once_a_second(backend: &Backend, gate: &Gate) {
    let (before, start) = (gate.fetches(), Instant::now());
    let forged: Vec<String> = (0..20)
        .map(|_| SigningKey::generate().assert(&assertion()))
        .collect();
    for answer in join_all(forged.iter().map(|token| backend.answer_to(token))).await {
        answer.must_be_problem(401, "assertion_not_genuine", "an unknown key");
    }
    let (fetches, seconds) = (
        u64::from(gate.fetches() - before),
        start.elapsed().as_secs(),
    );
    // One each second for unknown keys, and one each other second that is made anyway.
    assert!(
        fetches <= seconds + seconds / 2 + 3,
        "20 unknown keys made {fetches} fetches in {seconds} s"
    );
}

async fn the_key_of_a_restarted_gate_is_fetched(backend: &Backend, gate: &Gate, key: &SigningKey) {
    let restarted = SigningKey::generate();
    gate.publish(&[&restarted]);
    becomes_good(backend, &restarted).await;
    let old = key.assert(&assertion());
    backend.answer_to(&old).await.must_be_problem(
        401,
        "assertion_not_genuine",
        "the old key is published no more",
    );
}

/// A key that is still known is not asked for, so that only the poll can notice that it is gone.
async fn a_removed_key_stops_verifying_within_seconds(backend: &Backend, gate: &Gate) {
    let (stolen, kept) = (SigningKey::generate(), SigningKey::generate());
    gate.publish(&[&stolen, &kept]);
    becomes_good(backend, &stolen).await;
    gate.fail();
    sleep(Duration::from_secs(3)).await;
    let served = backend.answer_to(&stolen.assert(&assertion())).await;
    assert_eq!(
        served.status, 200,
        "the last good keys serve while the gate fails"
    );
    gate.publish(&[&kept]);
    let refused = async {
        let mut pause = interval(Duration::from_millis(50));
        while backend.answer_to(&stolen.assert(&assertion())).await.status == 200 {
            pause.tick().await;
        }
    };
    timeout(Duration::from_secs(5), refused)
        .await
        .expect("the removed key still verifies");
    assert_eq!(
        backend.answer_to(&kept.assert(&assertion())).await.status,
        200
    );
}

async fn one_for_any_request_will_do_where_that_is_set(
    backend: &Backend,
    key: &impl AssertionKey,
    refused: Vec<Refused>,
) {
    becomes_good(backend, key).await;
    let unbound = Assertion {
        request: None,
        ..assertion()
    };
    for line in ["GET /orders?page=2", "GET /orders"] {
        let token = key.assert(&unbound);
        assert_eq!(
            backend.answer(line, &[(HEADER, &token)]).await.status,
            200,
            "{line}"
        );
    }
    let rows = refused
        .into_iter()
        .filter(|row| row.reason != "assertion_not_bound");
    all_are_refused(backend, rows.collect()).await;
}
