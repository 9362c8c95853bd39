//! Tests of callers with the service's real guard.

use http::StatusCode;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::client::{ADA, EDDIE, User};
use dev_service::CONTOSO;

use crate::program::{Storage, Surroundings};

#[tokio::test]
async fn defect_2_identity_headers_are_ignored() {
    let surroundings = Surroundings::new().await;
    let keys = format!("{}/.well-known/jwks.json", surroundings.receivers.url);
    let program = surroundings
        .start(
            Storage::Sqlite,
            &["--trust-gateway", "--gateway-keys", &keys],
        )
        .await;
    let http = Client::builder().no_proxy().build().unwrap();
    let request = http
        .get(format!("{}/api/tasks", program.url))
        .header("X-User-OID", "aaaaaaaa-0001-4000-8000-000000000001")
        .header("X-Tenant-ID", CONTOSO)
        .header("X-User-Roles", "Admin");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    // Defect 13: a 401 names the accepted authentication scheme.
    assert!(
        answer.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .starts_with("Bearer")
    );
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["status"], 401, "{problem}");

    // Defect 1: a service that trusts a gateway still accepts tokens.
    let ada = User::sign_in(&surroundings.issuer, ADA).await;
    let tasks = ada
        .send(
            Method::GET,
            &format!("{}/api/tasks", program.url),
            None,
            None,
        )
        .await
        .unwrap();
    assert_eq!(tasks.status(), StatusCode::OK);
}

#[tokio::test]
async fn defect_4_email_is_read_from_tokens_of_both_versions() {
    let surroundings = Surroundings::new().await;
    let program = surroundings.start(Storage::Sqlite, &[]).await;
    for user in [
        User::sign_in(&surroundings.issuer, EDDIE).await,
        User::sign_in_v1(&surroundings.issuer, EDDIE).await,
    ] {
        let me = user.get(&format!("{}/api/me", program.url)).await;
        let expected = json!({
            "id": "aaaaaaaa-0002-4000-8000-000000000002", "name": "Eddie Editor",
            "email": "eddie.editor@contoso.example", "tenant_id": CONTOSO, "roles": ["Editor"],
            "scopes": "access_as_user",
        });
        assert_eq!(me, expected);
    }
}

#[tokio::test]
async fn users_token_is_neither_in_the_database_nor_in_the_log() {
    let surroundings = Surroundings::new().await;
    let program = surroundings
        .start(Storage::Sqlite, &["--log", "trace"])
        .await;
    let eddie = User::sign_in(&surroundings.issuer, EDDIE).await;
    for number in 0..12 {
        eddie
            .create(&program.url, &format!("k{number}"), "task")
            .await
            .unwrap();
    }
    program.signal(nix::sys::signal::Signal::SIGTERM);
    let (code, log) = program.ended().await;
    assert_eq!(code, Some(0));
    let signature = eddie.token().rsplit('.').next().unwrap();
    let needles = [signature, "task-api-secret", "eddie.editor@contoso.example"];
    for needle in needles {
        assert!(!log.contains(needle), "the log holds {needle}");
    }
    for file in surroundings.data_files() {
        let bytes = std::fs::read(&file).unwrap();
        for needle in needles {
            let found = bytes
                .windows(needle.len())
                .any(|window| window == needle.as_bytes());
            assert!(!found, "{} holds {needle}", file.display());
        }
    }
}
