//! The task that writes changes to the state directory.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{Digest, SHA256, digest};
use tokio::task::{AbortHandle, spawn_blocking};

use super::{PRIVATE, StateDirectory, StateFile, encoded};
use crate::clock::Clock;
use crate::entra::Entra;
use crate::memory::Memory;
use crate::signing_key::KeyRing;

/// Time between a change and its writing, in which further changes join it.
const COALESCE: Duration = Duration::from_millis(500);

/// Writes keys, sessions, refresh tokens and consents soon after each change, and when dropped.
#[derive(Debug)]
pub(crate) struct Keeper {
    kept: Arc<Kept>,
    task: AbortHandle,
}

struct Kept {
    state: StateDirectory,
    memory: Arc<Memory>,
    keys: Arc<KeyRing>,
    clock: Clock,
    written: Mutex<Written>,
}

/// What the files have.
#[derive(Default)]
struct Written {
    sessions: Option<Digest>,
    keys: Option<Digest>,
    /// Why the last writing failed, as the log says already.
    cause: Option<String>,
}

impl Keeper {
    /// Writes the present state, and starts the task.
    pub(crate) fn start(state: StateDirectory, entra: &Entra) -> anyhow::Result<Self> {
        let kept = Arc::new(Kept {
            state,
            memory: Arc::clone(&entra.memory),
            keys: Arc::clone(&entra.keys),
            clock: entra.knobs.clock.clone(),
            written: Mutex::default(),
        });
        kept.write(&mut kept.lock())?;
        let task = tokio::spawn(Arc::clone(&kept).follow()).abort_handle();
        Ok(Self { kept, task })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.task.abort();
        self.kept.keep();
    }
}

impl Kept {
    /// Writes changes; never ends.
    async fn follow(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = self.memory.changed() => {}
                () = self.keys.changed() => {}
                () = self.failed_before() => {}
            }
            tokio::time::sleep(COALESCE).await;
            let kept = Arc::clone(&self);
            if let Err(error) = spawn_blocking(move || kept.keep()).await {
                tracing::error!(%error, "the task that writes the state failed");
            }
        }
    }

    /// Ends at once if the last writing failed, so that it is tried again.
    async fn failed_before(&self) {
        let has_failed = self.lock().cause.is_some();
        if !has_failed {
            std::future::pending::<()>().await;
        }
    }

    /// Writes what has changed. An error is logged once, because dev-entra can serve without.
    fn keep(&self) {
        // The lock is held, so that of two writers the later has the newer state.
        let mut written = self.lock();
        let cause = self
            .write(&mut written)
            .err()
            .map(|error| format!("{error:#}"));
        if let Some(cause) = &cause
            && written.cause.as_ref() != Some(cause)
        {
            tracing::error!(
                cause,
                "the state cannot be written; a restart would lose it"
            );
        }
        if cause.is_none() && written.cause.is_some() {
            tracing::info!("the state is written again");
        }
        written.cause = cause;
    }

    fn write(&self, written: &mut Written) -> anyhow::Result<()> {
        let keys = encoded(&self.keys.stored()?)?;
        self.write_changed(StateFile::SigningKeys, &keys, &mut written.keys)?;
        let sessions = encoded(&self.memory.stored(self.clock.now()))?;
        self.write_changed(StateFile::Sessions, &sessions, &mut written.sessions)
    }

    fn write_changed(
        &self,
        file: StateFile,
        bytes: &[u8],
        written: &mut Option<Digest>,
    ) -> anyhow::Result<()> {
        let next = digest(&SHA256, bytes);
        if written.is_some_and(|written| written.as_ref() == next.as_ref()) {
            return Ok(());
        }
        self.state.replace(file.name(), PRIVATE, bytes)?;
        *written = Some(next);
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Kept")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
