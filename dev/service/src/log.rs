//! The log of a running program, and signals to it.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::io::{AsyncBufRead, Lines};
use tokio::process::Child;
use tokio::time::timeout;

/// Time limit of a test. Far longer than any step takes, so that only a program that hangs meets
/// it.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Reads the log until the entry that says where the program listens, and returns it.
pub async fn listening(log: &mut Lines<impl AsyncBufRead + Unpin>) -> Value {
    let search = async {
        while let Some(line) = log.next_line().await.unwrap() {
            let entry: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
            if entry["message"]
                .as_str()
                .is_some_and(|message| message.starts_with("listening"))
            {
                return entry;
            }
        }
        panic!("the program ended before it listened");
    };
    timeout(PATIENCE, search)
        .await
        .expect("the program does not listen")
}

pub fn signal(child: &Child, signal: Signal) {
    kill(
        Pid::from_raw(child.id().unwrap().try_into().unwrap()),
        signal,
    )
    .unwrap();
}
