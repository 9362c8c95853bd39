//! The administrative listener, and the port of traffic that it closes and opens.

use std::path::Path;

use dev_entra::InProcess;
use dev_service::{CONTOSO, client_of, log};
use nix::sys::signal::Signal;
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::{DIRECTORY, finished, program};

#[tokio::test]
async fn closed_port_refuses_connections_until_it_is_opened() {
    let entra = InProcess::start().await.unwrap();
    // Its connection stays open between requests.
    let http = client_of(&entra);
    let keys = format!("{}/{CONTOSO}/discovery/keys", entra.authority());
    let is_up = async || http.get(&keys).send().await.is_ok();
    let switch = async |name: &str| {
        let url = format!("{}/dev/{name}", entra.admin());
        http.post(url).send().await.unwrap().status()
    };
    assert!(is_up().await);
    for (name, expected) in [("down", false), ("down", false), ("up", true), ("up", true)] {
        assert_eq!(switch(name).await, StatusCode::NO_CONTENT, "{name}");
        assert_eq!(is_up().await, expected, "{name}");
    }
}

#[tokio::test]
async fn program_serves_endpoints_for_tests_only_on_the_admin_listener() {
    let state = tempfile::tempdir().unwrap();
    let mut child = program(state.path(), Path::new(DIRECTORY))
        .args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let admin = log::listening(&mut lines).await["admin"].clone();
    let url = format!("http://{}/dev/directory", admin.as_str().unwrap());
    let http = Client::builder().no_proxy().build().unwrap();
    let directory: Value = http.get(url).send().await.unwrap().json().await.unwrap();
    assert!(directory["users"].is_array(), "{directory}");

    log::signal(&child, Signal::SIGTERM);
    while lines.next_line().await.unwrap().is_some() {}
    assert!(finished(child).await.status.success());
}
