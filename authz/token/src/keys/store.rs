//! Keeps the last good keys on disk, so that a start while the issuer is away can serve.

mod owner;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::key_set::KeySet;
use super::source::FetchedKeys;
use crate::clock::unix_now;
use crate::jws::Algorithm;
pub use owner::check_owner;

/// The largest file that is read: more than the largest fetched document and its other members.
const LARGEST_FILE: u64 = 1024 * 1024;
/// Seconds by which clocks may differ. The age of a file from further in the future means nothing.
const CLOCK_DIFFERENCE: u64 = 600;

/// A folder of stored keys, with one file for each source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyStore(Arc<Path>);

/// Why a folder cannot store keys.
#[derive(Debug, thiserror::Error)]
#[error("{folder}: {problem}")]
pub struct InvalidKeyStore {
    folder: String,
    problem: String,
}

/// The file with the keys of one source.
#[derive(Clone, Debug)]
pub(super) struct KeyFile {
    path: PathBuf,
    source: Arc<str>,
}

/// Keys that were read from a file.
#[derive(Debug)]
pub(super) struct StoredKeys {
    pub(crate) keys: FetchedKeys,
    /// How long ago they were fetched.
    pub(crate) age: Duration,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    source: String,
    issuer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cloud_instance: Option<String>,
    fetched_at: u64,
    keys: Vec<Value>,
}

impl KeyStore {
    /// Opens a store in `folder`, which must exist and be writable.
    pub fn open(folder: &Path) -> Result<Self, InvalidKeyStore> {
        let invalid = |problem: String| InvalidKeyStore {
            folder: folder.display().to_string(),
            problem,
        };
        if !folder.is_dir() {
            return Err(invalid(
                "is not a folder; create it, writable for this process alone".to_owned(),
            ));
        }
        let writable = tempfile::tempfile_in(folder);
        writable.map_err(|error| invalid(format!("cannot be written to ({error})")))?;
        Ok(Self(folder.into()))
    }

    pub(super) fn file(&self, source: &str) -> KeyFile {
        let name = URL_SAFE_NO_PAD.encode(digest(&SHA256, source.as_bytes()));
        KeyFile {
            path: self.0.join(format!("{name}.json")),
            source: source.into(),
        }
    }
}

/// Parses the value of a flag or an environment variable.
impl FromStr for KeyStore {
    type Err = InvalidKeyStore;

    fn from_str(folder: &str) -> Result<Self, InvalidKeyStore> {
        Self::open(Path::new(folder))
    }
}

impl KeyFile {
    /// Reads the keys, unless they are too old, belong to another source, or another user could
    /// have written them.
    pub(super) fn read(&self, algorithms: &[Algorithm], max_age: Duration) -> Option<StoredKeys> {
        match self.try_read(algorithms, max_age) {
            Ok(stored) => stored,
            Err(problem) => {
                let file = self.path.display();
                tracing::warn!(%file, problem, "stored signing keys are not used");
                None
            }
        }
    }

    fn try_read(
        &self,
        algorithms: &[Algorithm],
        max_age: Duration,
    ) -> Result<Option<StoredKeys>, String> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| error.to_string())?,
        };
        // Checks the open file, because another file may have its name by now.
        check_owner(&file.metadata().map_err(|error| error.to_string())?)?;
        let mut text = Vec::new();
        file.take(LARGEST_FILE)
            .read_to_end(&mut text)
            .map_err(|error| error.to_string())?;
        let document: Document =
            serde_json::from_slice(&text).map_err(|error| format!("it is damaged ({error})"))?;
        let Document {
            source,
            issuer,
            cloud_instance,
            fetched_at,
            keys,
        } = document;
        if *source != *self.source {
            return Err("it belongs to another source".to_owned());
        }
        let now = unix_now();
        if fetched_at > now + CLOCK_DIFFERENCE {
            return Err("it is from the future; compare the clocks".to_owned());
        }
        let age = Duration::from_secs(now.saturating_sub(fetched_at));
        if age >= max_age {
            return Err(format!("it is {} hours old", age.as_secs() / 3600));
        }
        let document = json!({ "keys": keys }).to_string();
        let keys =
            KeySet::parse(document.as_bytes(), algorithms).map_err(|error| error.to_string())?;
        Ok(Some(StoredKeys {
            keys: FetchedKeys {
                issuer,
                cloud_instance,
                keys,
            },
            age,
        }))
    }

    /// Replaces the whole file. A failure is only logged, because the keys in memory still serve.
    pub(super) fn write(&self, fetched: &FetchedKeys) {
        if let Err(error) = self.try_write(fetched) {
            let file = self.path.display();
            tracing::warn!(%file, %error, "signing keys could not be stored");
        }
    }

    fn try_write(&self, fetched: &FetchedKeys) -> std::io::Result<()> {
        let document = Document {
            source: self.source.to_string(),
            issuer: fetched.issuer.clone(),
            cloud_instance: fetched.cloud_instance.clone(),
            fetched_at: unix_now(),
            keys: fetched.keys.published().to_vec(),
        };
        // Temporary files have mode 0600, and renaming keeps it.
        let mut file =
            tempfile::NamedTempFile::new_in(self.path.parent().unwrap_or(Path::new(".")))?;
        serde_json::to_writer(&mut file, &document)?;
        file.flush()?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }

    pub(super) fn remove(&self) {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                let file = self.path.display();
                tracing::error!(
                    %file,
                    %error,
                    "stored signing keys could not be removed; remove the file by hand"
                );
            }
            _ => {}
        }
    }
}
