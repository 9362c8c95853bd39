//! The directory file is polled while the program runs.

use dev_service::log::{self, PATIENCE};
use nix::sys::signal::Signal;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::ChildStdout;

use crate::{DIRECTORY, finished, program};

/// The next line of the log that has `message`.
async fn logged(lines: &mut Lines<BufReader<ChildStdout>>, message: &str) -> String {
    let search = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains(message) {
                return line;
            }
        }
        panic!("the program ended before it logged '{message}'");
    };
    tokio::time::timeout(PATIENCE, search).await.unwrap()
}

#[tokio::test]
async fn changed_directory_file_is_put_in_force_or_logged() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.yaml");
    let text = std::fs::read_to_string(DIRECTORY).unwrap();
    std::fs::write(&file, &text).unwrap();
    let mut child = program(&folder.path().join("state"), &file)
        .args(["--listen", "127.0.0.1:0"])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    log::listening(&mut lines).await;

    std::fs::write(&file, text.replace("Ada Admin", "Ada A.")).unwrap();
    logged(&mut lines, "directory replaced").await;
    std::fs::write(&file, text.replace("tenant: fabrikam", "tenant: x")).unwrap();
    let error = logged(&mut lines, "the directory is not replaced").await;
    for part in ["directory.yaml:44:5: users.", "there is no tenant x"] {
        assert!(error.contains(part), "'{part}' is missing in: {error}");
    }

    log::signal(&child, Signal::SIGTERM);
    while lines.next_line().await.unwrap().is_some() {}
    assert!(finished(child).await.status.success());
}
