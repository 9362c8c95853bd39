//! Replaced policies: those that a release replaced, for a server that starts after it.
//!
//! A server that saw the change keeps removed policies for a while (`removed.rs`). A server that
//! starts with the new set has never seen them, although gateways still have routes that name them.
//! Without this, an upgrade that renames a policy and replaces the pods would deny requests.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use portcullis_policy::PolicySet;
use serde::Deserialize;

use super::{RouteSettings, Routes};
use crate::decision_cache::DecisionCache;

/// Most bytes that are read. The file is a ConfigMap's (at most 1 MiB), and JSON at most doubles
/// YAML.
const LARGEST_FILE: u64 = 4 * 1024 * 1024;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    until: u64,
    documents: String,
}

/// The set that the first one replaced, and until when its policies may decide.
#[derive(Debug)]
pub(crate) struct ReplacedPolicies {
    /// In seconds since 1970.
    until: u64,
    set: PolicySet,
}

impl ReplacedPolicies {
    /// Reads `file`; `None` if it is absent or its time is over.
    ///
    /// A file that cannot be used is logged and ignored, because the server can serve without it.
    pub(crate) fn read(file: &Path, now: u64) -> Option<Self> {
        match Self::try_read(file, now) {
            Ok(replaced) => replaced,
            Err(problem) => {
                tracing::warn!(file = %file.display(), problem, "replaced policies are not used");
                None
            }
        }
    }

    fn try_read(file: &Path, now: u64) -> Result<Option<Self>, String> {
        let opened = match File::open(file) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| error.to_string())?,
        };
        let mut json = Vec::new();
        opened
            .take(LARGEST_FILE)
            .read_to_end(&mut json)
            .map_err(|error| error.to_string())?;
        let Document { until, documents } =
            serde_json::from_slice(&json).map_err(|error| format!("it is damaged ({error})"))?;
        if until <= now {
            return Ok(None);
        }
        let set = PolicySet::compile([("documents", documents.as_str())])
            .map_err(|problems| problems.to_string())?;
        Ok(Some(Self { until, set }))
    }
}

impl Routes {
    /// Keeps the policies of `replaced` that `policies` lacks; these routes are those of
    /// `policies`.
    ///
    /// They decide until the time of `replaced`, for at most `grace`, under the issuers and the
    /// deny list of `policies`.
    pub(crate) fn keep_replaced(
        self,
        replaced: &ReplacedPolicies,
        policies: &PolicySet,
        settings: &RouteSettings,
        (now, grace): (u64, Duration),
    ) -> anyhow::Result<Self> {
        let grace = grace.min(Duration::from_secs(replaced.until.saturating_sub(now)));
        let named = |name: &str| self.issuers.iter().find(|(issuer, _)| issuer == name);
        let verifier = |name: &str, _: &_| named(name).map(|(_, verifier)| verifier.clone());
        let cache = DecisionCache::new(0).context("the system's random numbers fail")?;
        let before = Self::new(&replaced.set, verifier, cache, &settings.metrics);
        Ok(self.keep_removed(&before, policies, now, grace))
    }
}
