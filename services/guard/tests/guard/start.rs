//! What stops a guard from starting.

use std::time::{Duration, Instant};

use portcullis_guard::Guard;
use portcullis_runtime::Process;
use reqwest::Client;
use tokio::net::TcpListener;

use crate::issuer::Issuer;
use crate::protected_service::settings;
use crate::{CONTOSO, TASK_API, UPSTREAM};

const WAIT: Duration = Duration::from_millis(500);

#[tokio::test]
async fn an_issuer_without_keys_is_named_within_the_wait() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let issuer = Issuer::start().await;
    // Trusts the system's authorities, of which dev-entra's is none.
    let wary = Client::builder().no_proxy().build().unwrap();
    for (authority, cause) in [(format!("https://{free}"), "refused"), (issuer.authority(), "certificate")] {
        let settings = settings(&authority, &["--issuer-wait", "500ms"]);
        let process = Process::detached();
        let started = Instant::now();
        let error = Guard::start(&settings, wary.clone(), UPSTREAM, TASK_API, &process).await.unwrap_err();
        assert!(started.elapsed() < WAIT * 4, "{:?}", started.elapsed());
        let message = format!("{error:#}");
        let metadata = format!("{authority}/{CONTOSO}/v2.0/.well-known/openid-configuration");
        for part in ["--authority", &metadata, cause] {
            assert!(message.contains(part), "'{part}' is missing in: {message}");
        }
    }
}
