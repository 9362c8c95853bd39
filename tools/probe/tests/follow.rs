//! `probe follow` as a process: its output and its end.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const AUTHZ: &str = "--authz=no-such-host.invalid:9104";

fn follow(source: &Path, target: &Path, more: &[&str]) -> std::io::Result<Child> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_probe"));
    command
        .arg("follow")
        .args([source, target])
        .args(["--policies=policies.txt", AUTHZ]);
    command.args(more).stdout(Stdio::piped()).spawn()
}

#[test]
fn sigterm_ends_the_wait_at_once_with_success() {
    let source = tempfile::tempdir().unwrap();
    let target = tempfile::tempdir().unwrap();
    std::fs::write(source.path().join("policies.txt"), "a\n").unwrap();
    let mut child = follow(source.path(), target.path(), &[]).unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(
        line.contains("no-such-host.invalid:9104 has no address"),
        "{line}"
    );
    let start = Instant::now();
    kill(
        Pid::from_raw(child.id().try_into().unwrap()),
        Signal::SIGTERM,
    )
    .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(
        start.elapsed() < Duration::from_millis(500),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(std::fs::read_dir(target.path()).unwrap().count(), 0);
}

#[test]
fn once_copies_after_its_maximum_wait() {
    let source = tempfile::tempdir().unwrap();
    let target = tempfile::tempdir().unwrap();
    std::fs::write(source.path().join("policies.txt"), "a\n").unwrap();
    let child = follow(source.path(), target.path(), &["--once", "--at-most=1s"]).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("copied 1 files after the longest wait"),
        "{said}"
    );
    assert_eq!(
        std::fs::read_to_string(target.path().join("policies.txt")).unwrap(),
        "a\n"
    );
}
