use nix::sys::signal::Signal;
use serde_json::json;

use crate::client::{ADA, User};
use crate::program::{Storage, Surroundings};

#[tokio::test]
async fn sigterm_finishes_deliveries_and_leaves_no_notification_pending() {
    let surroundings = Surroundings::new().await;
    let ada = User::sign_in(&surroundings.issuer, ADA).await;
    let program = surroundings.start(Storage::Sqlite, &[]).await;
    // Some replies of the receivers are errors, so some deliveries are always pending.
    for number in 0..20 {
        ada.create(&program.url, &format!("k{number}"), "task")
            .await
            .unwrap();
    }
    program.signal(Signal::SIGTERM);
    assert_eq!(program.ended().await.0, Some(0));

    let again = surroundings.start(Storage::Sqlite, &[]).await;
    let tasks = ada.get(&format!("{}/api/tasks", again.url)).await;
    let pending = |task: &&serde_json::Value| task["notification_status"] == json!("pending");
    assert_eq!(
        tasks.as_array().unwrap().iter().filter(pending).count(),
        0,
        "{tasks}"
    );
}
