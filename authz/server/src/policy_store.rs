//! The last good policies on disk, so that a container that restarts with bad ones can serve.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use portcullis_policy::{PolicyErrors, PolicySet};
use portcullis_token::check_owner;

use crate::policy_source::PolicyText;

/// Most bytes that are read. A ConfigMap has at most 1 MiB, and JSON at most doubles YAML.
const LARGEST_FILE: u64 = 4 * 1024 * 1024;
const FILE: &str = "last-good-policies.json";

/// The folder of the last good policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyStore(Arc<Path>);

/// The path is not a folder, so it cannot keep policies.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not a folder; create it, writable for this process alone")]
pub struct InvalidPolicyStore(String);

impl FromStr for PolicyStore {
    type Err = InvalidPolicyStore;

    fn from_str(folder: &str) -> Result<Self, InvalidPolicyStore> {
        let path = Path::new(folder);
        if path.is_dir() {
            Ok(Self(path.into()))
        } else {
            Err(InvalidPolicyStore(folder.to_owned()))
        }
    }
}

impl PolicyStore {
    fn file(&self) -> PathBuf {
        self.0.join(FILE)
    }

    /// The stored policies, if they still compile.
    ///
    /// A file that another user could have written is not used.
    fn last_good(&self) -> Option<(PolicyText, PolicySet)> {
        let used = self.read().and_then(|stored| {
            stored
                .map(|text| {
                    text.compile()
                        .map(|set| (text, set))
                        .map_err(|problems| problems.to_string())
                })
                .transpose()
        });
        used.unwrap_or_else(|problem| {
            tracing::warn!(
                file = %self.file().display(),
                problem,
                "the last good policies are not used"
            );
            None
        })
    }

    fn read(&self) -> Result<Option<PolicyText>, String> {
        let file = match File::open(self.file()) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| error.to_string())?,
        };
        check_owner(&file.metadata().map_err(|error| error.to_string())?)?;
        let mut json = Vec::new();
        file.take(LARGEST_FILE)
            .read_to_end(&mut json)
            .map_err(|error| error.to_string())?;
        serde_json::from_slice(&json)
            .map(Some)
            .map_err(|error| format!("it is damaged ({error})"))
    }

    /// Replaces the stored policies atomically.
    ///
    /// An error is only logged, because the policies in force stay in force.
    pub(crate) fn keep(&self, text: &PolicyText) {
        if let Err(error) = self.write(text) {
            tracing::warn!(
                file = %self.file().display(),
                %error,
                "the last good policies could not be stored for the next start"
            );
        }
    }

    fn write(&self, text: &PolicyText) -> std::io::Result<()> {
        // Temporary files have mode 0600, and renaming keeps it.
        let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
        serde_json::to_writer(&mut file, text)?;
        file.flush()?;
        file.as_file().sync_all()?;
        file.persist(self.file())?;
        Ok(())
    }
}

/// The policies to start with: those of `path`, or the last good ones if they cannot be used.
///
/// A bad set changes nothing for running replicas. Without the last good policies, a replica that
/// restarts would be lost, and in time all of them.
pub(crate) fn first_policies(
    path: &Path,
    store: Option<&PolicyStore>,
) -> Result<(PolicyText, PolicySet), PolicyErrors> {
    let read =
        PolicyText::read([path]).and_then(|text| text.compile().map(|policies| (text, policies)));
    match read {
        Ok((text, policies)) => {
            if let Some(store) = store {
                store.keep(&text);
            }
            Ok((text, policies))
        }
        Err(problems) => {
            let Some(last_good) = store.and_then(PolicyStore::last_good) else {
                return Err(problems);
            };
            tracing::error!(
                policy = %path.display(),
                cause = %problems,
                version = last_good.0.version(),
                "the policies cannot be used; the last good ones of --policy-store are served"
            );
            Ok(last_good)
        }
    }
}

#[cfg(test)]
mod tests;
