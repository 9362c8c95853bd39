//! Keys that are published late, changed or removed.

use std::path::Path;
use std::time::{Duration, Instant};

use futures::future::join_all;
use tokio::time::{interval, sleep, timeout};

use crate::accepted::becomes_accepted;
use crate::authz::{AuthzServer, assertion};
use crate::backend::Backend;
use crate::shared_key::{MacKey, write_key_file};
use crate::signing_key::{AssertionKey, PublicKeyPair};

pub(crate) async fn changed_key_file_is_read(backend: &Backend, folder: &Path, key: &MacKey) {
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

pub(crate) async fn unavailable_keys_answer_503(
    backend: &Backend,
    authz: &AuthzServer,
    key: &PublicKeyPair,
) {
    let token = key.assert(&assertion());
    backend
        .answer_to(&token)
        .await
        .must_be_problem(503, "gateway_keys_unavailable", "no keys yet");
    authz.publish(&[key]);
    becomes_accepted(backend, key).await;
}

pub(crate) async fn unknown_keys_cause_one_fetch_a_second(backend: &Backend, authz: &AuthzServer) {
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

pub(crate) async fn key_of_restarted_authz_server_is_fetched(
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
pub(crate) async fn removed_key_stops_verifying_within_seconds(
    backend: &Backend,
    authz: &AuthzServer,
) {
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
