//! The example backends in each language against good and bad assertions.
//!
//! Each backend is a real server that a test starts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail by panicking"
)]

mod authz;
mod backend;
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

use crate::authz::{AuthzServer, assertion, bound};
use crate::backend::{Backend, Example, Keys, Unbound};
use crate::refused::{DeniedCase, denied_by_mac_key, denied_by_public_key, wrong_mac_keys};
use crate::shared_key::{MacKey, write_key_file};
use crate::signing_key::{AssertionKey, PublicKeyPair};

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
    let error = example.settings_error();
    assert!(
        error.contains("GATEWAY_MAC_KEY_FILE") && error.contains("GATEWAY_KEYS_URL"),
        "{error}"
    );
    by_public_keys(&example).await;
    by_mac_keys(&example).await;
    by_both(&example).await;
}

async fn by_public_keys(example: &Example) {
    let authz = AuthzServer::start().await;
    let key = PublicKeyPair::generate();
    let keys = Keys {
        url: Some(&authz.keys_url),
        file: None,
    };
    let backend = example.start(keys, Unbound::Denied).await;
    unavailable_keys_answer_503(&backend, &authz, &key).await;
    good_assertions_become_their_callers(&backend, &key).await;
    all_are_denied(&backend, denied_by_public_key(&key)).await;
    let shared = MacKey::generate();
    all_are_denied(&backend, wrong_mac_keys(&shared, &key)).await;
    let by_mac = shared.assert(&assertion());
    backend
        .answer_to(&by_mac)
        .await
        .must_be_problem(401, "assertion_not_genuine", "a MAC");
    other_paths_and_methods_get_problems(&backend, &key).await;
    unknown_keys_cause_one_fetch_a_second(&backend, &authz).await;
    key_of_restarted_authz_server_is_fetched(&backend, &authz, &key).await;
    removed_key_stops_verifying_within_seconds(&backend, &authz).await;
    let accept_unbound = example.start(keys, Unbound::Accepted).await;
    authz.publish(&[&key]);
    unbound_assertions_are_accepted_where_set(&accept_unbound, &key, denied_by_public_key(&key))
        .await;
}

async fn by_mac_keys(example: &Example) {
    let folder = TempDir::new().unwrap();
    let key = MacKey::generate();
    let public = PublicKeyPair::generate();
    let file = write_key_file(folder.path(), &format!("# for a test\n\n{}", key.line()));
    let keys = Keys {
        url: None,
        file: Some(&file),
    };
    let backend = example.start(keys, Unbound::Denied).await;
    good_assertions_become_their_callers(&backend, &key).await;
    all_are_denied(&backend, denied_by_mac_key(&key, &public)).await;
    let signed = public.assert(&assertion());
    backend
        .answer_to(&signed)
        .await
        .must_be_problem(401, "assertion_not_genuine", "a signature");
    other_paths_and_methods_get_problems(&backend, &key).await;
    changed_key_file_is_read(&backend, folder.path(), &key).await;
    write_key_file(folder.path(), &key.line());
    let accept_unbound = example.start(keys, Unbound::Accepted).await;
    unbound_assertions_are_accepted_where_set(
        &accept_unbound,
        &key,
        denied_by_mac_key(&key, &public),
    )
    .await;
}

/// Tests a backend with both kinds of keys, which it has while it moves from one to the other.
async fn by_both(example: &Example) {
    let authz = AuthzServer::start().await;
    let public = PublicKeyPair::generate();
    authz.publish(&[&public]);
    let folder = TempDir::new().unwrap();
    let shared = MacKey::generate();
    let file = write_key_file(folder.path(), &shared.line());
    let keys = Keys {
        url: Some(&authz.keys_url),
        file: Some(&file),
    };
    let backend = example.start(keys, Unbound::Denied).await;
    for token in [public.assert(&assertion()), shared.assert(&assertion())] {
        assert_eq!(backend.answer_to(&token).await.status, 200);
    }
    all_are_denied(&backend, denied_by_public_key(&public)).await;
    all_are_denied(&backend, denied_by_mac_key(&shared, &public)).await;
}

async fn all_are_denied(backend: &Backend, rows: Vec<DeniedCase>) {
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

async fn changed_key_file_is_read(backend: &Backend, folder: &Path, key: &MacKey) {
    let next = MacKey::generate();
    write_key_file(folder, &format!("{}{}", key.line(), next.line()));
    becomes_accepted(backend, &next).await;
    for bad in ["", "c2hvcnQ=", "-----BEGIN PRIVATE KEY-----"] {
        write_key_file(folder, bad);
        assert_eq!(
            backend.answer_to(&next.assert(&assertion())).await.status,
            200,
            "a bad file ({bad}) changes nothing"
        );
    }
    write_key_file(folder, &next.line());
    becomes_accepted(backend, &next).await;
    let removed = key.assert(&assertion());
    backend.answer_to(&removed).await.must_be_problem(
        401,
        "assertion_not_genuine",
        "the removed key",
    );
}

async fn unavailable_keys_answer_503(backend: &Backend, authz: &AuthzServer, key: &PublicKeyPair) {
    let token = key.assert(&assertion());
    backend
        .answer_to(&token)
        .await
        .must_be_problem(503, "gateway_keys_unavailable", "no keys yet");
    authz.publish(&[key]);
    becomes_accepted(backend, key).await;
}

/// Waits until the backend accepts a new assertion of `key`.
async fn becomes_accepted(backend: &Backend, key: &impl AssertionKey) {
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
    let bare = ("x-user-oid", "another-oid");
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
        let caller = &answer.body["caller"];
        let kind = kind.as_str();
        let expected = json!({
            "tenant": tenant,
            "objectId": object_id,
            "kind": kind,
            "roles": roles,
            "scopes": scopes,
        });
        assert_eq!(
            (answer.status, &*answer.media_type, caller),
            (200, "application/json", &expected),
            "{path}"
        );
    }
}

async fn other_paths_and_methods_get_problems(backend: &Backend, key: &impl AssertionKey) {
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

async fn unknown_keys_cause_one_fetch_a_second(backend: &Backend, authz: &AuthzServer) {
    let before = authz.fetches();
    let start = Instant::now();
    let forged: Vec<String> = (0..20)
        .map(|_| PublicKeyPair::generate().assert(&assertion()))
        .collect();
    for answer in join_all(forged.iter().map(|token| backend.answer_to(token))).await {
        answer.must_be_problem(401, "assertion_not_genuine", "an unknown key");
    }
    let fetches = u64::from(authz.fetches() - before);
    let seconds = start.elapsed().as_secs();
    // At most one fetch a second for unknown keys, and a poll every two seconds.
    assert!(
        fetches <= seconds + seconds / 2 + 3,
        "20 unknown keys made {fetches} fetches in {seconds} s"
    );
}

async fn key_of_restarted_authz_server_is_fetched(
    backend: &Backend,
    authz: &AuthzServer,
    key: &PublicKeyPair,
) {
    let restarted = PublicKeyPair::generate();
    authz.publish(&[&restarted]);
    becomes_accepted(backend, &restarted).await;
    let old = key.assert(&assertion());
    backend.answer_to(&old).await.must_be_problem(
        401,
        "assertion_not_genuine",
        "the old key is not published any more",
    );
}

/// Only the poll can notice that a key was removed, because a known `kid` causes no fetch.
async fn removed_key_stops_verifying_within_seconds(backend: &Backend, authz: &AuthzServer) {
    let stolen = PublicKeyPair::generate();
    let kept = PublicKeyPair::generate();
    authz.publish(&[&stolen, &kept]);
    becomes_accepted(backend, &stolen).await;
    authz.fail();
    sleep(Duration::from_secs(3)).await;
    let served = backend.answer_to(&stolen.assert(&assertion())).await;
    assert_eq!(
        served.status, 200,
        "the last good keys serve while the authz server fails"
    );
    authz.publish(&[&kept]);
    let denied = async {
        let mut pause = interval(Duration::from_millis(50));
        while backend.answer_to(&stolen.assert(&assertion())).await.status == 200 {
            pause.tick().await;
        }
    };
    timeout(Duration::from_secs(5), denied)
        .await
        .expect("the removed key still verifies");
    assert_eq!(
        backend.answer_to(&kept.assert(&assertion())).await.status,
        200
    );
}

async fn unbound_assertions_are_accepted_where_set(
    backend: &Backend,
    key: &impl AssertionKey,
    denied: Vec<DeniedCase>,
) {
    becomes_accepted(backend, key).await;
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
    let rows = denied
        .into_iter()
        .filter(|row| row.reason != "assertion_not_bound");
    all_are_denied(backend, rows.collect()).await;
}
