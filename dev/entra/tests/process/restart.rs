//! What survives a restart of the program.

use std::path::{Path, PathBuf};

use dev_service::CONTOSO;
use dev_service::log;
use nix::sys::signal::Signal;
use reqwest::{Client, StatusCode, header};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

use crate::{DIRECTORY, finished, program};

const WEB: &str = "3a5c0004-0000-4000-8000-000000000004";
const TASK_SCOPE: &str = "api://3a5c0001-0000-4000-8000-000000000001/access_as_user";

/// A running dev-entra.
struct Entra {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    authority: String,
    /// Trusts the `ca.pem` that was in the state directory when dev-entra first started.
    http: Client,
}

impl Entra {
    async fn start(state: &Path, http: Option<Client>) -> Self {
        let mut child = program(state, Path::new(DIRECTORY))
            .args(["--listen", "127.0.0.1:0"])
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let started = log::listening(&mut lines).await;
        let authority = started["authority"].as_str().unwrap().to_owned();
        let http = http.unwrap_or_else(|| trusting(&state.join("ca.pem")));
        Self {
            child,
            lines,
            authority,
            http,
        }
    }

    /// Stops it, and starts it again.
    async fn restart(self, state: &Path) -> Self {
        let http = self.http.clone();
        self.stop().await;
        Self::start(state, Some(http)).await
    }

    async fn stop(mut self) {
        log::signal(&self.child, Signal::SIGTERM);
        while self.lines.next_line().await.unwrap().is_some() {}
        assert!(finished(self.child).await.status.success());
    }

    async fn keys(&self) -> Value {
        let url = format!("{}/{CONTOSO}/discovery/keys", self.authority);
        self.http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    async fn token(&self, form: &[(&str, &str)]) -> (StatusCode, Value) {
        let url = format!("{}/{CONTOSO}/oauth2/v2.0/token", self.authority);
        let request = self.http.post(url).form(form);
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// The response to an authorization request of a native application.
    async fn authorize(&self, prompt: &str, cookie: &str) -> reqwest::Response {
        let query = [
            ("client_id", WEB),
            ("response_type", "code"),
            ("redirect_uri", "http://localhost/native"),
            ("scope", TASK_SCOPE),
            ("prompt", prompt),
        ];
        self.http
            .get(format!(
                "{}/{CONTOSO}/oauth2/v2.0/authorize",
                self.authority
            ))
            .query(&query)
            .header(header::COOKIE, cookie)
            .send()
            .await
            .unwrap()
    }

    /// Signs Ada in, and returns the cookie of her browser.
    async fn sign_in(&self) -> String {
        let page = self.authorize("login", "").await;
        let cookie = page.headers()[header::SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let text = page.text().await.unwrap();
        let form = text.split(r#"name="sign_in" value=""#).nth(1).unwrap();
        let handle = form.split('"').next().unwrap();
        let response = self
            .http
            .post(format!("{}/sign-in", self.authority))
            .header(header::COOKIE, &cookie)
            .form(&[("sign_in", handle), ("user", "ada.admin@contoso.example")])
            .send()
            .await
            .unwrap();
        assert!(location(&response).contains("code="));
        cookie
    }
}

fn trusting(ca: &Path) -> Client {
    let ca = reqwest::Certificate::from_pem(&std::fs::read(ca).unwrap()).unwrap();
    Client::builder()
        .no_proxy()
        .tls_certs_only([ca])
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

fn location(response: &reqwest::Response) -> String {
    let location = response.headers()[header::LOCATION].to_str();
    location.unwrap().to_owned()
}

fn refresh(token: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "refresh_token"),
        ("client_id", WEB),
        ("refresh_token", token),
        ("scope", TASK_SCOPE),
    ]
}

#[tokio::test]
async fn restart_keeps_authority_keys_session_and_refresh_token() {
    let state = tempfile::tempdir().unwrap();
    let first = Entra::start(state.path(), None).await;
    let keys = first.keys().await;
    let cookie = first.sign_in().await;
    let scope = format!("{TASK_SCOPE} offline_access");
    let (status, reply) = first
        .token(&[
            ("grant_type", "password"),
            ("client_id", WEB),
            ("username", "ada.admin@contoso.example"),
            ("password", "Admin-Passw0rd!"),
            ("scope", &scope),
        ])
        .await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let token = reply["refresh_token"].as_str().unwrap().to_owned();

    let second = first.restart(state.path()).await;
    assert_eq!(second.keys().await, keys);
    let silent = second.authorize("none", &cookie).await;
    assert!(location(&silent).contains("code="), "{silent:?}");
    let (status, reply) = second.token(&refresh(&token)).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let (status, _) = second.token(&refresh("guess")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let other = second.authorize("none", "__Host-dev-entra=guess").await;
    assert!(location(&other).contains("login_required"), "{other:?}");
    second.stop().await;
}

#[tokio::test]
async fn unusable_state_stops_the_start_and_stays() {
    struct Case {
        name: &'static str,
        file: &'static str,
        part: &'static str,
    }

    for Case { name, file, part } in [
        Case {
            name: "sessions",
            file: "sessions.json",
            part: "all users must then sign in",
        },
        Case {
            name: "keys",
            file: "signing-keys.json",
            part: "tokens that were issued earlier",
        },
        Case {
            name: "authority",
            file: "authority.json",
            part: "clients must then trust a new ca.pem",
        },
    ] {
        let (_folder, file) = damaged(file);
        let child = program(file.parent().unwrap(), Path::new(DIRECTORY))
            .args(["--listen", "127.0.0.1:0"])
            .spawn()
            .unwrap();
        let output = finished(child).await;
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{name}: {text}");
        let path = file.display().to_string();
        for part in ["--state", &path, "damaged at line 1", part] {
            assert!(text.contains(part), "{name}: '{part}' is missing in {text}");
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "{", "{name}");
    }
}

fn damaged(file: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(file);
    std::fs::write(&file, "{").unwrap();
    (folder, file)
}
