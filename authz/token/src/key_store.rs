//! Keeps the last good keys on disk, so that a start while the issuer is away can serve.

use std::fs::{File, Metadata};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::algorithm::Algorithm;
use crate::fetch::FetchedKeys;
use crate::key_set::KeySet;
use crate::verifier::unix_now;

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
pub(crate) struct KeyFile {
    path: PathBuf,
    source: Arc<str>,
}

/// Keys that were read from a file.
#[derive(Debug)]
pub(crate) struct StoredKeys {
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

    pub(crate) fn file(&self, source: &str) -> KeyFile {
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
    pub(crate) fn read(&self, algorithms: &[Algorithm], max_age: Duration) -> Option<StoredKeys> {
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
    pub(crate) fn write(&self, fetched: &FetchedKeys) {
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

    pub(crate) fn remove(&self) {
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

/// Checks that only this process's user can write an open file.
///
/// A stored file decides who may call: an attacker who can write keys can sign tokens. The folder
/// may be open to other users (Kubernetes creates an emptyDir so), but the file must not be.
///
/// # Errors
///
/// Names the other owner, or says that other users can write the file.
pub fn check_owner(metadata: &Metadata) -> Result<(), String> {
    let own = nix::unistd::geteuid().as_raw();
    if metadata.uid() != own {
        return Err(format!(
            "it belongs to user {} and not to {own}",
            metadata.uid()
        ));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err("users other than its owner can write it".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::{KeyFile, KeyStore};
    use crate::fetch::FetchedKeys;
    use crate::verifier::unix_now;
    use crate::{Algorithm, KeySet};

    const DAY: Duration = Duration::from_hours(24);

    fn keys() -> FetchedKeys {
        let key = json!({"kty": "EC", "crv": "P-256", "kid": "k",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
        let document = json!({ "keys": [key] }).to_string();
        let keys = KeySet::parse(document.as_bytes(), &[Algorithm::Es256]).unwrap();
        let cloud_instance = Some("microsoftonline.com".to_owned());
        FetchedKeys {
            issuer: Some("https://issuer.example".to_owned()),
            cloud_instance,
            keys,
        }
    }

    fn read(file: &KeyFile) -> Result<bool, String> {
        file.try_read(&[Algorithm::Es256], DAY)
            .map(|stored| stored.is_some())
    }

    #[test]
    fn stored_keys_are_read_for_their_source_only() {
        let folder = tempfile::tempdir().unwrap();
        let store = KeyStore::open(folder.path()).unwrap();
        let file = store.file("https://issuer.example/keys");
        assert_eq!(read(&file), Ok(false), "nothing was written yet");
        file.write(&keys());
        let stored = file.read(&[Algorithm::Es256], DAY).unwrap();
        assert!(stored.keys.same_as(&keys()) && stored.age < Duration::from_mins(1));
        assert_eq!(
            std::fs::metadata(&file.path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(read(&store.file("https://other.example/keys")), Ok(false));
        assert!(
            file.try_read(&[Algorithm::Rs256], DAY)
                .unwrap_err()
                .contains("none of its keys")
        );
        file.remove();
        file.remove();
        assert_eq!(read(&file), Ok(false));
    }

    #[test]
    fn stored_keys_of_doubtful_origin_are_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyStore::open(folder.path())
            .unwrap()
            .file("https://issuer.example/keys");
        file.write(&keys());
        let good: Value = serde_json::from_slice(&std::fs::read(&file.path).unwrap()).unwrap();
        let with = |member: &str, value: Value| {
            let mut document = good.clone();
            document[member] = value;
            document.to_string()
        };
        for (text, mode, problem) in [
            (
                good.to_string(),
                0o666,
                "users other than its owner can write it",
            ),
            (
                good.to_string(),
                0o620,
                "users other than its owner can write it",
            ),
            (good.to_string().replace('}', ""), 0o600, "it is damaged"),
            (with("more", json!(1)), 0o600, "it is damaged"),
            (
                with("source", json!("https://other.example/keys")),
                0o600,
                "it belongs to another source",
            ),
            (
                with("fetched_at", json!(unix_now() + 700)),
                0o600,
                "it is from the future",
            ),
            (
                with("fetched_at", json!(unix_now() - 24 * 3600)),
                0o600,
                "it is 24 hours old",
            ),
            (
                with("keys", json!([])),
                0o600,
                "none of its keys can be used",
            ),
        ] {
            std::fs::write(&file.path, &text).unwrap();
            std::fs::set_permissions(&file.path, Permissions::from_mode(mode)).unwrap();
            let found = read(&file).unwrap_err();
            assert!(found.contains(problem), "{found} instead of {problem}");
        }
    }

    #[test]
    fn missing_folder_is_an_error() {
        let problem = KeyStore::open("/nonexistent/folder".as_ref())
            .unwrap_err()
            .to_string();
        assert!(
            problem.contains("/nonexistent/folder: is not a folder"),
            "{problem}"
        );
    }
}
