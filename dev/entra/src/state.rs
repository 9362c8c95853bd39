//! The state directory: what survives a restart.
//!
//! ```text
//! ca.pem             the certificate that clients must trust; the only public file
//! authority.json     the certificate authority and the server certificate, with their keys
//! signing-keys.json  the signing keys of tokens
//! sessions.json      sessions, refresh tokens and consents
//! lock               held while dev-entra runs
//! ```

mod keeper;
#[cfg(test)]
mod tests;

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use portcullis_runtime::InvalidSettings;
use portcullis_token::check_owner;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub(crate) use keeper::Keeper;

/// The version of the files. A change that older programs cannot read increases it.
const SCHEMA: u32 = 1;
/// The most bytes of a file.
const LARGEST_FILE: u64 = 64 * 1024 * 1024;
/// Only the owner may read and write a file.
const PRIVATE: u32 = 0o600;
/// A certificate is public, and containers of other users must read it.
const PUBLIC: u32 = 0o644;

/// The directory, which no other dev-entra uses at the same time.
#[derive(Debug)]
pub(crate) struct StateDirectory {
    path: PathBuf,
    /// Locked until this is dropped.
    _lock: File,
}

/// A file of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StateFile {
    Authority,
    SigningKeys,
    Sessions,
}

/// The contents of a file with the version of their schema.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Versioned<T> {
    schema: u32,
    content: T,
}

/// The version of a file whose contents may be of another version.
#[derive(Deserialize)]
struct Schema {
    schema: u32,
}

impl StateFile {
    fn name(self) -> &'static str {
        match self {
            Self::Authority => "authority.json",
            Self::SigningKeys => "signing-keys.json",
            Self::Sessions => "sessions.json",
        }
    }

    /// What a start without the file means.
    fn loss(self) -> &'static str {
        match self {
            Self::Authority => "clients must then trust a new ca.pem",
            Self::SigningKeys => "tokens that were issued earlier then become invalid",
            Self::Sessions => "all users must then sign in and consent again",
        }
    }
}

impl StateDirectory {
    /// Creates the directory if it is absent, and locks it.
    pub(crate) fn open(path: &Path) -> Result<Self, InvalidSettings> {
        let place = path.display();
        let unusable = |error: std::io::Error| {
            InvalidSettings(vec![format!(
                "--state {place}: cannot be used: {error}; give a directory you may write to"
            )])
        };
        std::fs::create_dir_all(path).map_err(unusable)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(InvalidSettings(vec![format!(
                    "--state {place}: another dev-entra uses this directory; stop it, or give \
                     another directory"
                )]));
            }
            // Some network file systems have no locks.
            Err(TryLockError::Error(error)) => tracing::warn!(
                state = %place,
                %error,
                "the state directory cannot be locked; do not start another dev-entra with it"
            ),
        }
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Reads a file and makes its contents usable; `None` if it is absent. The error names the
    /// file and the remedy.
    pub(crate) fn read<T: DeserializeOwned, R>(
        &self,
        file: StateFile,
        restore: impl FnOnce(T) -> Result<R, &'static str>,
    ) -> Result<Option<R>, InvalidSettings> {
        let read = self.read_versioned(file).and_then(|content| {
            let restored = content.map(restore).transpose();
            restored.map_err(|problem| format!("it is damaged ({problem})"))
        });
        read.map_err(|problem| {
            InvalidSettings(vec![format!(
                "--state {}: cannot be used: {problem}; restore the file or move it away \
                 ({})",
                self.path.join(file.name()).display(),
                file.loss()
            )])
        })
    }

    fn read_versioned<T: DeserializeOwned>(&self, file: StateFile) -> Result<Option<T>, String> {
        let opened = match File::open(self.path.join(file.name())) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| error.to_string())?,
        };
        check_owner(&opened.metadata().map_err(|error| error.to_string())?)?;
        let mut json = Vec::new();
        let mut bounded = opened.take(LARGEST_FILE + 1);
        bounded
            .read_to_end(&mut json)
            .map_err(|error| error.to_string())?;
        if json.len() as u64 > LARGEST_FILE {
            return Err(format!("it has more than {LARGEST_FILE} bytes"));
        }
        let damaged = |error: serde_json::Error| {
            // The text of the error may repeat a part of a key.
            format!(
                "it is damaged at line {} column {}",
                error.line(),
                error.column()
            )
        };
        let Schema { schema } = serde_json::from_slice(&json).map_err(damaged)?;
        if schema != SCHEMA {
            return Err(format!(
                "it has schema {schema}, and this dev-entra has schema {SCHEMA}"
            ));
        }
        let Versioned { content, .. } = serde_json::from_slice(&json).map_err(damaged)?;
        Ok(Some(content))
    }

    /// Replaces a file in one step.
    pub(crate) fn write<T: Serialize>(&self, file: StateFile, content: &T) -> anyhow::Result<()> {
        self.replace(file.name(), PRIVATE, &encoded(content)?)
    }

    /// Replaces `ca.pem`, and returns its path.
    pub(crate) fn publish(&self, authority_pem: &str) -> anyhow::Result<PathBuf> {
        self.replace("ca.pem", PUBLIC, authority_pem.as_bytes())?;
        Ok(self.path.join("ca.pem"))
    }

    fn replace(&self, name: &str, mode: u32, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.path.join(name);
        let written = || -> std::io::Result<()> {
            let mut file = tempfile::Builder::new()
                .permissions(std::fs::Permissions::from_mode(mode))
                .tempfile_in(&self.path)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            Ok(())
        };
        written().with_context(|| {
            format!(
                "--state {}: cannot be written; give a directory you may write to",
                path.display()
            )
        })
    }
}

fn encoded<T: Serialize>(content: &T) -> anyhow::Result<Vec<u8>> {
    let schema = SCHEMA;
    serde_json::to_vec(&Versioned { schema, content }).context("encoding a file of the state")
}
