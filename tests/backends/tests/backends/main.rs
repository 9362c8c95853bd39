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

mod accepted;
mod authz;
mod backend;
mod denied;
mod key_changes;
mod page;
mod shared_key;
mod signing_key;
mod through_envoy;

use tempfile::TempDir;

use crate::accepted::{
    good_assertions_become_their_callers, other_paths_and_methods_get_problems,
    unbound_assertions_are_accepted_where_set,
};
use crate::authz::{AuthzServer, assertion};
use crate::backend::{Backend, Example, Keys, Unbound};
use crate::denied::{DeniedCase, denied_by_mac_key, denied_by_public_key, wrong_mac_keys};
use crate::key_changes::{
    changed_key_file_is_read, key_of_restarted_authz_server_is_fetched,
    removed_key_stops_verifying_within_seconds, unavailable_keys_answer_503,
    unknown_keys_cause_one_fetch_a_second,
};
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

/// Tests a backend that has both kinds of keys, as during a change from one kind to the other.
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
        assert_eq!(backend.answer_to(&token).await.status, 200, "{token}");
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
