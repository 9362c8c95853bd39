use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// The named tasks that must finish before a program may receive traffic.
///
/// Ready means: no task is pending and shutdown has not begun. The names are what `/readyz` answers,
/// so that "not ready" always says what it waits for.
#[derive(Clone, Debug)]
pub struct Readiness {
    pending: Arc<Mutex<BTreeSet<String>>>,
    changed: watch::Sender<()>,
}

impl Readiness {
    pub(crate) fn new() -> Self {
        Self { pending: Arc::default(), changed: watch::Sender::new(()) }
    }

    /// Registers a task that blocks readiness until the returned guard is dropped.
    #[must_use = "dropping the guard marks the task as done"]
    pub fn task(&self, name: &str) -> PendingTask {
        self.lock().insert(name.to_owned());
        self.changed.send_replace(());
        PendingTask { name: name.to_owned(), readiness: self.clone() }
    }

    /// The names of the tasks that still block readiness.
    #[must_use]
    pub fn pending(&self) -> Vec<String> {
        self.lock().iter().cloned().collect()
    }

    /// Notified after each change of the pending tasks.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        // A set of names stays valid whatever a panicking holder did to it.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that blocks readiness while it exists.
#[derive(Debug)]
pub struct PendingTask {
    name: String,
    readiness: Readiness,
}

impl Drop for PendingTask {
    fn drop(&mut self) {
        self.readiness.lock().remove(&self.name);
        self.readiness.changed.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use super::Readiness;

    #[test]
    fn ready_once_every_task_is_dropped() {
        let readiness = Readiness::new();
        let keys = readiness.task("signing keys");
        let database = readiness.task("database");
        assert_eq!(readiness.pending(), ["database", "signing keys"]);
        drop(database);
        assert_eq!(readiness.pending(), ["signing keys"]);
        drop(keys);
        assert!(readiness.pending().is_empty());
    }
}
