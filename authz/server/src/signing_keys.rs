//! The assertion keys: generated at the start, or of a file, which is polled.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use portcullis_assertion::Signer;
use portcullis_runtime::InvalidSettings;
use tokio::time::sleep;

use crate::authorizer::Authorizer;
use crate::metrics::Metrics;
use crate::reload::POLL_INTERVAL;

/// A key file, and a hash of the contents that were read last.
#[derive(Debug)]
pub(crate) struct KeyFile {
    path: PathBuf,
    /// A hash, so that private keys are not held twice in memory. `None`: it could not be read.
    seen: Option<[u8; 32]>,
}

/// Returns a signer, and the file to poll, if there is one.
pub(crate) fn signer(path: Option<&Path>) -> anyhow::Result<(Signer, Option<KeyFile>)> {
    let Some(path) = path else {
        return Ok((Signer::generate()?, None));
    };
    let read = std::fs::read(path);
    let file = KeyFile {
        path: path.to_owned(),
        seen: hash(&read),
    };
    let signer = file
        .signer(read)
        .map_err(|problem| InvalidSettings(vec![problem]))?;
    Ok((signer, Some(file)))
}

/// The hash of a file's contents; `None` if it cannot be read.
fn hash(read: &std::io::Result<Vec<u8>>) -> Option<[u8; 32]> {
    let pem = read.as_ref().ok()?;
    digest(&SHA256, pem).as_ref().try_into().ok()
}

impl KeyFile {
    /// The signer with the keys that were read.
    fn signer(&self, read: std::io::Result<Vec<u8>>) -> Result<Signer, String> {
        let wrong = |problem: String| format!("--assertion-key {}: {problem}", self.path.display());
        let pem = read.map_err(|error| wrong(format!("cannot be read: {error}")))?;
        Signer::from_pem(&pem).map_err(|error| wrong(error.to_string()))
    }

    /// Polls the file; never ends. Good keys replace those in force, and bad ones change nothing.
    pub(crate) async fn follow(mut self, authorizer: Arc<Authorizer>, metrics: Metrics) {
        loop {
            sleep(POLL_INTERVAL).await;
            let read = std::fs::read(&self.path);
            let now = hash(&read);
            if now == self.seen {
                continue;
            }
            self.seen = now;
            match self.signer(read) {
                Ok(signer) => {
                    tracing::info!(
                        file = %self.path.display(),
                        key_ids = ?signer.key_ids(),
                        "the keys of assertions are replaced"
                    );
                    authorizer.replace_signer(signer);
                    metrics.assertion_keys_agree(true);
                }
                Err(problem) => {
                    tracing::error!(
                        problem,
                        "the keys of assertions are not replaced; the last good ones stay in force"
                    );
                    metrics.assertion_keys_agree(false);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::signer;

    #[test]
    fn file_without_a_key_is_an_error_of_settings() {
        struct Case {
            name: &'static str,
            file: &'static str,
            part: &'static str,
        }
        for Case { name, file, part } in [
            Case {
                name: "no file",
                file: "absent.pem",
                part: "cannot be read",
            },
            Case {
                name: "a file without a key",
                file: "Cargo.toml",
                part: "PKCS#8",
            },
        ] {
            let error = signer(Some(Path::new(file)))
                .map(|_| ())
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("--assertion-key") && error.contains(file) && error.contains(part),
                "{name}: {error}"
            );
        }
        assert!(signer(None).is_ok_and(|(_, file)| file.is_none()));
    }
}
