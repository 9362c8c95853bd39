use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use portcullis_assertion::HEADER;
use reqwest::{Client, Method};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;
use tokio::time::timeout;

const PREPARE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/prepare");
/// `EX_UNAVAILABLE`, with which `prepare` says that the language is not installed.
const NOT_INSTALLED: i32 = 69;

/// An example, ready to be started.
pub(crate) struct Example {
    folder: TempDir,
}

/// An example that runs.
pub(crate) struct Backend {
    url: String,
    http: Client,
    _process: Child,
}

/// Whether a backend lets in whoever has an assertion for any request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unbound {
    Refused,
    WillDo,
}

/// Where a backend finds keys: by URL, or in a file.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Keys<'a> {
    pub(crate) url: Option<&'a str>,
    pub(crate) file: Option<&'a Path>,
}

/// A status with its headers and its body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) media_type: String,
    pub(crate) challenge: Option<String>,
    pub(crate) body: Value,
}

impl Example {
    /// `None`, and a line that says so, where `language` is not installed. In CI that is a failure.
    pub(crate) fn prepare(language: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let prepared = Command::new(PREPARE)
            .arg(language)
            .arg(folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&prepared.stderr).into_owned();
        if prepared.status.code() == Some(NOT_INSTALLED) && std::env::var_os("CI").is_none() {
            eprintln!("skipped: {text}");
            return None;
        }
        assert!(
            prepared.status.success(),
            "{text}{}",
            String::from_utf8_lossy(&prepared.stdout)
        );
        Some(Self { folder })
    }

    /// What it says when it is started without any setting, and fails.
    pub(crate) fn complaint(&self) -> String {
        let start = self.folder.path().join("start");
        let mut command = Command::new("sh");
        command
            .arg(start)
            .env_remove("GATEWAY_KEYS_URL")
            .env_remove("GATEWAY_MAC_KEY_FILE");
        let ended = command.output().unwrap();
        assert!(!ended.status.success());
        String::from_utf8(ended.stderr).unwrap()
    }

    /// Starts it with the URL of public keys, the file of shared ones, or both.
    pub(crate) async fn start(&self, keys: Keys<'_>, unbound: Unbound) -> Backend {
        let log = self.folder.path().join("log");
        let mut process = tokio::process::Command::new("sh")
            .arg(self.folder.path().join("start"))
            .env("LISTEN", "127.0.0.1:0")
            .envs(keys.url.map(|url| ("GATEWAY_KEYS_URL", url)))
            .envs(keys.file.map(|file| ("GATEWAY_MAC_KEY_FILE", file)))
            .env(
                "ACCEPT_ASSERTIONS_GOOD_FOR_ANY_REQUEST",
                (unbound == Unbound::WillDo).to_string(),
            )
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = timeout(Duration::from_secs(30), lines.next_line())
            .await
            .map(Result::unwrap);
        let Ok(Some(line)) = line else {
            panic!(
                "the backend does not start: {line:?}; it says: {}",
                read(&log)
            )
        };
        let url = line.strip_prefix("listening on ").unwrap().to_owned();
        Backend {
            url,
            http: Client::builder().no_proxy().build().unwrap(),
            _process: process,
        }
    }
}

impl Backend {
    pub(crate) fn port(&self) -> u16 {
        self.url.rsplit_once(':').unwrap().1.parse().unwrap()
    }

    /// Sends `method path`, such as `GET /orders`, with these headers; a name that comes twice is
    /// sent twice.
    pub(crate) async fn answer(&self, line: &str, headers: &[(&str, &str)]) -> Answer {
        let (method, path) = line.split_once(' ').unwrap();
        let request = self.http.request(
            Method::from_bytes(method.as_bytes()).unwrap(),
            format!("{}{path}", self.url),
        );
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let response = request.send().await.unwrap();
        let header = |name| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let (media_type, challenge) = (
            header("content-type").unwrap_or_default(),
            header("www-authenticate"),
        );
        Answer {
            status: response.status().as_u16(),
            media_type,
            challenge,
            body: response.json().await.unwrap(),
        }
    }

    /// `GET /orders?page=2` with this assertion.
    pub(crate) async fn answer_to(&self, assertion: &str) -> Answer {
        self.answer("GET /orders?page=2", &[(HEADER, assertion)])
            .await
    }
}

impl Answer {
    /// A problem of this status with this reason, as the gate's own.
    pub(crate) fn must_be_problem(&self, status: u16, reason: &str, case: &str) {
        let seen = (
            self.status,
            &*self.media_type,
            self.body["reason"].as_str(),
            self.body["status"].as_u64(),
        );
        assert_eq!(
            seen,
            (
                status,
                "application/problem+json",
                Some(reason),
                Some(status.into())
            ),
            "{case}: {self:?}"
        );
        assert_eq!(
            self.challenge.as_deref(),
            (status == 401).then_some("Bearer"),
            "{case}"
        );
    }
}

fn read(log: &Path) -> String {
    std::fs::read_to_string(log).unwrap_or_default()
}
