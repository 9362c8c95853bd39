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
/// `EX_UNAVAILABLE`, the exit code of `prepare` if the language is not installed.
const NOT_INSTALLED: i32 = 69;

/// A prepared example, which a test starts.
pub(crate) struct Example {
    folder: TempDir,
}

/// A running example.
pub(crate) struct Backend {
    url: String,
    http: Client,
    _process: Child,
}

/// Whether a backend accepts an unbound assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unbound {
    Denied,
    Accepted,
}

/// Where a backend finds keys: at a URL, in a file, or both.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Keys<'a> {
    pub(crate) url: Option<&'a str>,
    pub(crate) file: Option<&'a Path>,
}

/// A response: its status, two of its headers, and its body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) media_type: String,
    pub(crate) challenge: Option<String>,
    pub(crate) body: Value,
}

impl Example {
    /// Prepares the example in `language`, or returns `None` if the language is not installed.
    ///
    /// A missing language is an error in CI.
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

    /// Starts the example without settings and returns the error that it prints.
    pub(crate) fn settings_error(&self) -> String {
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

    /// Starts the example with the URL of public keys, the file of MAC keys, or both.
    pub(crate) async fn start(&self, keys: Keys<'_>, unbound: Unbound) -> Backend {
        let log = self.folder.path().join("log");
        let mut process = tokio::process::Command::new("sh")
            .arg(self.folder.path().join("start"))
            .env("LISTEN", "127.0.0.1:0")
            .envs(keys.url.map(|url| ("GATEWAY_KEYS_URL", url)))
            .envs(keys.file.map(|file| ("GATEWAY_MAC_KEY_FILE", file)))
            .env(
                "ACCEPT_UNBOUND_ASSERTIONS",
                (unbound == Unbound::Accepted).to_string(),
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
                "the backend does not start: {line:?}; its log: {}",
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

    /// Sends a request, such as `GET /orders`, with these headers.
    ///
    /// A repeated name becomes a repeated line.
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
        let media_type = header("content-type").unwrap_or_default();
        let challenge = header("www-authenticate");
        Answer {
            status: response.status().as_u16(),
            media_type,
            challenge,
            body: response.json().await.unwrap(),
        }
    }

    /// Sends `GET /orders?page=2` with this assertion.
    pub(crate) async fn answer_to(&self, assertion: &str) -> Answer {
        self.answer("GET /orders?page=2", &[(HEADER, assertion)])
            .await
    }
}

impl Answer {
    /// Asserts a problem with this status and reason code, like one of the authz server.
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
