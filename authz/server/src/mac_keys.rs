//! The MAC keys of upstreams: a folder with one file for each, which is polled.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis_assertion::{MAX_MAC_KEY_FILE, MacKeys};
use portcullis_runtime::{InvalidSettings, read_secret, warn_if_others_can_read};
use tokio::time::sleep;

use crate::authorizer::Authorizer;
use crate::metrics::Metrics;
use crate::reload::POLL_INTERVAL;

/// Most files in the folder: more upstreams than one gateway has. A poll reads all of them.
const MOST_UPSTREAMS: usize = 1024;

/// MAC keys by the name of the upstream that shares them.
///
/// Assertions to an upstream without MAC keys are signed with the assertion key (ES256).
#[derive(Debug, Default)]
pub(crate) struct UpstreamMacKeys(BTreeMap<String, MacKeys>);

/// A folder of MAC keys.
#[derive(Debug)]
pub(crate) struct MacKeyFolder(PathBuf);

impl UpstreamMacKeys {
    pub(crate) fn get(&self, upstream: &str) -> Option<&MacKeys> {
        self.0.get(upstream)
    }

    /// The keys of a single upstream.
    pub(crate) fn of(upstream: &str, keys: MacKeys) -> Self {
        Self(BTreeMap::from([(upstream.to_owned(), keys)]))
    }

    /// The upstreams with the ids of their keys; the first key signs.
    pub(crate) fn key_ids(&self) -> BTreeMap<&str, Vec<&str>> {
        self.0
            .iter()
            .map(|(upstream, keys)| (upstream.as_str(), keys.key_ids()))
            .collect()
    }

    /// Reads every file of `folder` whose name does not begin with a dot.
    ///
    /// The name of a file is the upstream's. Kubernetes mounts a Secret as links with such names,
    /// into folders whose names begin with two dots.
    fn read(folder: &Path) -> Result<Self, Vec<String>> {
        let mut errors = Vec::new();
        let mut keys = BTreeMap::new();
        for file in files(folder).map_err(|error| vec![wrong(folder, &error)])? {
            match read_file(&file) {
                Ok((upstream, of_upstream)) => drop(keys.insert(upstream, of_upstream)),
                Err(error) => errors.push(wrong(&file, &error)),
            }
        }
        errors.extend(shared(&keys).into_iter().map(|error| wrong(folder, &error)));
        if errors.is_empty() {
            Ok(Self(keys))
        } else {
            Err(errors)
        }
    }
}

fn wrong(path: &Path, error: &str) -> String {
    format!("--assertion-mac-keys {}: {error}", path.display())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error: std::io::Error| {
        format!("cannot be read: {error}; give a folder with a file for each upstream")
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            files.push(entry.path());
        }
        if files.len() > MOST_UPSTREAMS {
            return Err(format!(
                "has more than {MOST_UPSTREAMS} files; give a folder with a file for each upstream"
            ));
        }
    }
    files.sort();
    Ok(files)
}

fn read_file(file: &Path) -> Result<(String, MacKeys), String> {
    let name = file.file_name().and_then(|name| name.to_str());
    let upstream = name.ok_or("its name is not UTF-8; it must be the upstream's")?;
    let keys =
        MacKeys::parse(&read_secret(file, MAX_MAC_KEY_FILE)?).map_err(|error| error.to_string())?;
    Ok((upstream.to_owned(), keys))
}

/// Errors for keys that two upstreams share: each could forge assertions to the other.
fn shared(keys: &BTreeMap<String, MacKeys>) -> Vec<String> {
    let mut holders = HashMap::new();
    let mut errors = Vec::new();
    for (upstream, keys) in keys {
        for key_id in keys.key_ids() {
            if let Some(other) = holders.insert(key_id, upstream) {
                errors.push(format!(
                    "{other} and {upstream} have the same key {key_id}, so each could forge \
                     assertions to the other; make one for each: openssl rand -base64 32"
                ));
            }
        }
    }
    errors
}

impl MacKeyFolder {
    /// Returns the keys of the folder, and the folder to poll; no keys without a path.
    pub(crate) fn open(
        path: Option<&Path>,
    ) -> Result<(UpstreamMacKeys, Option<Self>), InvalidSettings> {
        let Some(path) = path else {
            return Ok((UpstreamMacKeys::default(), None));
        };
        let keys = UpstreamMacKeys::read(path).map_err(InvalidSettings)?;
        for file in files(path).unwrap_or_default() {
            warn_if_others_can_read(&file);
        }
        Ok((keys, Some(Self(path.to_owned()))))
    }

    /// Polls the folder; never ends. Good keys replace those in force, and bad ones change nothing.
    pub(crate) async fn follow(self, authorizer: Arc<Authorizer>, metrics: Metrics) {
        let Self(path) = self;
        let mut logged = None;
        warn_of_unknown_upstreams(&authorizer);
        loop {
            sleep(POLL_INTERVAL).await;
            match UpstreamMacKeys::read(&path) {
                Ok(keys) => {
                    put_in_force(&authorizer, keys);
                    metrics.assertion_mac_keys_agree(true);
                    logged = None;
                }
                // The same errors every second would only fill the log.
                Err(errors) if logged.as_ref() == Some(&errors) => {}
                Err(errors) => {
                    tracing::error!(
                        problems = ?errors,
                        "the MAC keys of assertions are not replaced; \
                         the last good ones stay in force"
                    );
                    metrics.assertion_mac_keys_agree(false);
                    logged = Some(errors);
                }
            }
        }
    }
}

/// Puts `keys` in force if they changed. Their ids tell, so no copy or hash of keys is kept.
fn put_in_force(authorizer: &Authorizer, keys: UpstreamMacKeys) {
    if keys.key_ids() == authorizer.signers().mac.key_ids() {
        return;
    }
    tracing::info!(key_ids = ?keys.key_ids(), "the MAC keys of assertions are replaced");
    authorizer.replace_mac_keys(keys);
    warn_of_unknown_upstreams(authorizer);
}

fn warn_of_unknown_upstreams(authorizer: &Authorizer) {
    let routes = authorizer.routes();
    let signers = authorizer.signers();
    for upstream in signers
        .mac
        .key_ids()
        .keys()
        .filter(|upstream| !routes.has_upstream(upstream))
    {
        tracing::warn!(
            upstream,
            "no policy has the upstream of these MAC keys; rename the file, or remove it"
        );
    }
}

#[cfg(test)]
mod tests;
