mod watch;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch::{Receiver, Sender};

pub use watch::watch_part;

/// The tasks and parts that must work before a program may receive traffic.
///
/// A program is ready if no task is pending, no part fails and shutdown has not begun. `/readyz`
/// lists the tasks and parts that block readiness.
#[derive(Clone, Debug)]
pub struct Readiness {
    parts: Arc<Mutex<BTreeMap<String, PartState>>>,
    changed: Sender<()>,
}

/// State of a part of a program, such as an issuer's signing keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartState {
    /// The part works.
    Works,
    /// The part works for some requests. Others get 503, for this reason.
    Degraded(String),
    /// The part works for no request, for this reason. An empty reason is not shown.
    Fails(String),
}

/// Maximum number of missing things in a reason, so that it stays readable.
const NAMED: usize = 5;

impl PartState {
    /// The state of a part that lacks `missing` and serves some or no requests.
    #[must_use]
    pub fn of_missing(missing: &[String], serves_some: bool) -> Self {
        if missing.is_empty() {
            return Self::Works;
        }
        let (named, rest) = missing.split_at(missing.len().min(NAMED));
        let mut reason = named.join("; ");
        if !rest.is_empty() {
            reason = format!("{reason}; and {} more", rest.len());
        }
        if serves_some {
            Self::Degraded(reason)
        } else {
            Self::Fails(reason)
        }
    }
}

impl Readiness {
    pub(crate) fn new() -> Self {
        Self {
            parts: Arc::default(),
            changed: Sender::new(()),
        }
    }

    /// Registers a task that blocks readiness until the returned guard is dropped.
    #[must_use = "dropping the guard marks the task as done"]
    pub fn task(&self, name: &str) -> PendingTask {
        self.set(name, &PartState::Fails(String::new()));
        PendingTask {
            name: name.to_owned(),
            readiness: self.clone(),
        }
    }

    /// Sets the state of the part `name`.
    pub fn set(&self, name: &str, state: &PartState) {
        let before = match state {
            PartState::Works => self.lock().remove(name),
            _ => self.lock().insert(name.to_owned(), state.clone()),
        };
        if before.as_ref().unwrap_or(&PartState::Works) != state {
            self.changed.send_replace(());
        }
    }

    /// The tasks and parts that block readiness, each with its reason.
    #[must_use]
    pub fn pending(&self) -> Vec<String> {
        self.named(|state| match state {
            PartState::Fails(reason) => Some(reason.clone()),
            _ => None,
        })
    }

    /// The parts that work only for some requests, each with its reason.
    ///
    /// They do not block readiness.
    #[must_use]
    pub fn degraded(&self) -> Vec<String> {
        self.named(|state| match state {
            PartState::Degraded(reason) => Some(reason.clone()),
            _ => None,
        })
    }

    /// A receiver that is notified after each change.
    #[must_use]
    pub fn changes(&self) -> Receiver<()> {
        self.changed.subscribe()
    }

    fn named(&self, reason_of: impl Fn(&PartState) -> Option<String>) -> Vec<String> {
        let parts = self.lock();
        let named = parts
            .iter()
            .filter_map(|(name, state)| Some((name, reason_of(state)?)));
        named
            .map(|(name, reason)| {
                if reason.is_empty() {
                    name.clone()
                } else {
                    format!("{name}: {reason}")
                }
            })
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, PartState>> {
        // The map stays valid even if a thread panicked while it held the lock.
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.readiness.set(&self.name, &PartState::Works);
    }
}

#[cfg(test)]
mod tests;
