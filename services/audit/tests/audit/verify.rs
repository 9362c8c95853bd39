//! Tests that `audit verify` and the documentation's code find a changed file.

use std::io::Write;
use std::path::Path;
use std::process::{Command as Blocking, Stdio};

use dev_entra::InProcess;
use dev_service::CONTOSO;
use dev_service::log::signal;
use nix::sys::signal::Signal;
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, SqliteConnection};

use crate::drain::token;
use crate::program::{ANY_PORT, bare_program, finished, listening_address, outcome, program};

const DOCUMENTATION: &str = include_str!("../../../../docs/audit-trail.md");

/// Exit code and output of `audit verify`.
async fn verify(data: &Path, more: &[&str]) -> (Option<i32>, String) {
    let mut command = bare_program();
    command.arg("verify").arg("--data-dir").arg(data).args(more);
    let output = finished(command.spawn().unwrap()).await;
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap(),
    )
}

/// Runs the documentation's code on listed entries.
fn documented_check(entries: &Value) -> (bool, String) {
    let code = DOCUMENTATION
        .split_once("```python\n")
        .unwrap()
        .1
        .split_once("```")
        .unwrap()
        .0;
    let mut python = Blocking::new("python3");
    python
        .args(["-c", code])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = python.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(entries.to_string().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    (
        output.status.success(),
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap(),
    )
}

#[tokio::test]
async fn entry_changed_in_the_file_is_found() {
    let issuer = InProcess::start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut child = program(&issuer, directory.path(), ANY_PORT, ANY_PORT)
        .spawn()
        .unwrap();
    let url = format!("http://{}/audit", listening_address(&mut child).await);
    let http = Client::builder().no_proxy().build().unwrap();
    let token = token(&issuer).await;
    for number in 1..=4 {
        let body = json!({
            "action": "task_created",
            "resource_id": number.to_string(),
            "actor": "Zoë \u{1f}\"😀",
            "tenant_id": "t",
        });
        let sent = http
            .post(&url)
            .bearer_auth(&token)
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(sent.status(), 200);
    }
    let get = async |path: &str| -> Value {
        http.get(format!("{url}{path}"))
            .bearer_auth(&token)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    };
    let mut entries = get("").await;
    assert_eq!(
        documented_check(&entries),
        (true, "4 entries are as they were written\n".to_owned())
    );
    entries[1]["reported_actor"] = json!("Eve");
    assert_eq!(
        documented_check(&entries),
        (false, "position 3: the content was changed\n".to_owned())
    );

    let (code, text) = verify(&data, &[]).await;
    let line = text
        .strip_prefix(&format!("{CONTOSO}: intact, 4 entries, anchor "))
        .unwrap();
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(
        verify(&data, &["--tenant", CONTOSO, "--anchor", line.trim()])
            .await
            .0,
        Some(0)
    );

    let file = format!("sqlite:{}", data.join("audit.sqlite").display());
    let mut other_program = SqliteConnection::connect(&file).await.unwrap();
    let tamper = "DROP TRIGGER entries_refuse_update; \
                  UPDATE entries SET reported_actor = 'Eve' WHERE position = 3";
    other_program.execute(tamper).await.unwrap();
    let (code, text) = verify(&data, &[]).await;
    let id = entries[1]["id"].as_str().unwrap();
    let expected = format!("{CONTOSO}: BROKEN at position 3 (entry {id}): content_changed\n");
    assert_eq!((code, text), (Some(1), expected));
    // The running service finds it too.
    let found = get("/verify").await;
    assert_eq!(
        (&found["status"], &found["first_broken"]["position"]),
        (&json!("broken"), &json!(3)),
        "{found}"
    );
    signal(&child, Signal::SIGTERM);
    assert!(finished(child).await.status.success());
}

#[tokio::test]
async fn verify_of_a_missing_trail_fails() {
    let directory = tempfile::tempdir().unwrap();
    let (code, text) = verify(directory.path(), &[]).await;
    assert!(
        code == Some(1) && text.starts_with("audit: --data-dir ") && text.contains("audit.sqlite"),
        "{text}"
    );
    let mut command = bare_program();
    command.args(["verify", "--tenant", "t", "--anchor", "12"]);
    let (code, text) = outcome(command).await;
    assert_eq!(code, Some(64), "{text}");
    for flag in ["--data-dir", "--anchor"] {
        assert!(text.contains(flag), "{flag} is missing in: {text}");
    }
}
