//! A running server.
#![allow(
    clippy::disallowed_methods,
    reason = "no runtime whose worker a pause could block"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a test may panic, its helpers outside #[test] functions too"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dev_stack::PortChoice;

/// Timeout that only a server that hangs reaches.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A running server. Dropping it kills the process.
pub(crate) struct Server {
    child: Child,
    pub(crate) operations: SocketAddr,
}

impl Server {
    /// Starts a server on free ports with `policy`.
    pub(crate) fn start(policy: &Path, wait: &str, variables: &[(&str, &str)]) -> Self {
        let operations = SocketAddr::from(([127, 0, 0, 1], PortChoice::AnyFree.pick(0).unwrap()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.args([
            "serve",
            "--policy",
            policy.to_str().unwrap(),
            "--issuer-wait",
            wait,
        ]);
        let free = ["--listen", "--keys-listen", "--admin-listen"];
        command.args(free.iter().flat_map(|flag| [*flag, "127.0.0.1:0"]));
        command
            .args(["--operations-listen", &operations.to_string()])
            .env_clear()
            .envs(variables.iter().copied());
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { child, operations }
    }

    /// Waits until the server listens, and returns its response for `path`.
    pub(crate) fn get(&mut self, path: &str) -> String {
        let started = Instant::now();
        loop {
            assert!(
                self.child.try_wait().unwrap().is_none(),
                "the server has ended"
            );
            if let Ok(mut connection) = TcpStream::connect(self.operations) {
                write!(connection, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
                let mut answer = String::new();
                connection.read_to_string(&mut answer).unwrap();
                return answer;
            }
            assert!(started.elapsed() < TIMEOUT, "the server does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Polls `/readyz` until a response contains all `parts`.
    pub(crate) fn readiness_with(&mut self, parts: &[&str]) -> String {
        let started = Instant::now();
        loop {
            let answer = self.get("/readyz");
            if parts.iter().all(|part| answer.contains(part)) {
                return answer;
            }
            assert!(
                started.elapsed() < TIMEOUT,
                "{parts:?} are not in: {answer}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
