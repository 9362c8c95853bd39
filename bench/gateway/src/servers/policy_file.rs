//! The policies of a server, and their replacement while it runs.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::ensure;
use portcullis_bench::IssuerKey;
use reqwest::Client;

use super::{free_port, local};
use crate::policies::documents;

/// The policies of a server. It drops its cached callers when they change.
#[derive(Debug)]
pub(super) struct PolicyFile {
    path: PathBuf,
    admin: u16,
    generation: AtomicU64,
}

impl PolicyFile {
    pub(super) fn create(path: PathBuf, key: &IssuerKey) -> anyhow::Result<Self> {
        std::fs::write(&path, documents(key, 0))?;
        Ok(Self {
            path,
            admin: free_port()?,
            generation: AtomicU64::new(0),
        })
    }

    pub(super) fn arguments(&self) -> anyhow::Result<Vec<String>> {
        // The decision log is off, because the cost of standard output is another measurement.
        let flags = [
            ("--policy", self.path.display().to_string()),
            ("--admin-listen", local(self.admin)),
            ("--keys-listen", local(free_port()?)),
            ("--log", "warn".to_owned()),
        ];
        let flags = flags
            .into_iter()
            .flat_map(|(flag, value)| [flag.to_owned(), value]);
        Ok(["serve".to_owned()].into_iter().chain(flags).collect())
    }

    /// Replaces the policies. The cache of callers belongs to one set of policies and ends with it.
    pub(super) async fn replace(&self, key: &IssuerKey, http: &Client) -> anyhow::Result<()> {
        let generation = self.generation.fetch_add(1, Ordering::Relaxed) + 1;
        // Renamed in one step, because the server may be reading the file.
        let new = self.path.with_extension("new");
        std::fs::write(&new, documents(key, generation))?;
        std::fs::rename(&new, &self.path)?;
        let response = http
            .post(format!("http://{}/policies/reload", local(self.admin)))
            .send()
            .await?;
        let status = response.status();
        ensure!(
            status.is_success(),
            "POST /policies/reload is answered with {status}: {}",
            response.text().await?
        );
        Ok(())
    }
}
