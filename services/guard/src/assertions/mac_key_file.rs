//! Reads the MAC keys that this service shares with the authz server, and polls their file for
//! changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use portcullis_assertion::{MAX_MAC_KEY_FILE, MacKeys};
use portcullis_runtime::{InvalidSettings, read_secret, warn_if_others_can_read};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Time between polls, as the authz server polls its folder. File notifications miss the links that
/// Kubernetes swaps.
const POLL_EVERY: Duration = Duration::from_secs(1);

/// The last good keys of a file. Dropping it ends the task that polls the file.
#[derive(Debug)]
pub(super) struct MacKeyFile {
    keys: Arc<ArcSwap<MacKeys>>,
    task: JoinHandle<()>,
}

impl MacKeyFile {
    /// Reads the file and starts to poll it. Fails if the file cannot be used.
    pub(super) fn open(path: &Path) -> Result<Self, InvalidSettings> {
        let keys = read(path).map_err(|problem| InvalidSettings(vec![problem]))?;
        warn_if_others_can_read(path);
        let keys = Arc::new(ArcSwap::from_pointee(keys));
        let task = tokio::spawn(poll(path.to_owned(), Arc::clone(&keys)));
        Ok(Self { keys, task })
    }

    pub(super) fn keys(&self) -> Arc<MacKeys> {
        self.keys.load_full()
    }
}

impl Drop for MacKeyFile {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn read(path: &Path) -> Result<MacKeys, String> {
    let text = read_secret(path, MAX_MAC_KEY_FILE);
    let keys = text.and_then(|text| MacKeys::parse(&text).map_err(|error| error.to_string()));
    keys.map_err(|problem| format!("--gateway-mac-key {}: {problem}", path.display()))
}

/// Polls the file without end. Good keys replace those in force. A file that cannot be used is only
/// logged.
async fn poll(path: PathBuf, keys: Arc<ArcSwap<MacKeys>>) {
    let mut last_problem = None;
    loop {
        sleep(POLL_EVERY).await;
        match read(&path) {
            Ok(new) => {
                last_problem = None;
                if new.key_ids() != keys.load().key_ids() {
                    tracing::info!(
                        file = %path.display(),
                        key_ids = ?new.key_ids(),
                        "the MAC keys of assertions are replaced"
                    );
                    keys.store(Arc::new(new));
                }
            }
            // The same problem is logged once, not every second.
            Err(problem) if last_problem.as_ref() == Some(&problem) => {}
            Err(problem) => {
                tracing::error!(
                    problem,
                    "the MAC keys of assertions are not replaced; the last good ones stay in force"
                );
                last_problem = Some(problem);
            }
        }
    }
}
