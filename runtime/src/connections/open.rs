use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::{AbortHandle, Id};

use super::activity::{Activity, Phase};

/// The open connections of a listener, up to its cap.
#[derive(Debug)]
pub(super) struct Open {
    cap: usize,
    connections: HashMap<Id, (Arc<Activity>, AbortHandle)>,
}

impl Open {
    pub(super) fn new(cap: usize) -> Self {
        Self {
            cap,
            connections: HashMap::new(),
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.connections.len() < self.cap
    }

    pub(super) fn insert(&mut self, activity: Arc<Activity>, task: AbortHandle) {
        self.connections.insert(task.id(), (activity, task));
    }

    pub(super) fn remove(&mut self, task: Id) {
        self.connections.remove(&task);
    }

    /// Closes the connection that has been idle for longest; one with an incomplete request before
    /// an idle one.
    ///
    /// Returns false if every connection has a request in flight. The search takes microseconds
    /// for a thousand connections and happens only at the cap, so that requests maintain no sorted
    /// list.
    pub(super) fn close_unused(&mut self) -> bool {
        let ranked = self
            .connections
            .iter()
            .map(|(id, (activity, _))| (activity.rank(), *id));
        let Some(((phase, _), id)) = ranked.min_by_key(|(rank, _)| *rank) else {
            return false;
        };
        if phase == Phase::Busy {
            return false;
        }
        if let Some((_, task)) = self.connections.remove(&id) {
            task.abort();
        }
        true
    }
}
