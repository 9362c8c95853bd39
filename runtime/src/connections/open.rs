use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::{AbortHandle, Id};

use super::activity::{Activity, Phase};

/// The open connections of a listener, up to its cap.
#[derive(Debug)]
pub(super) struct Open {
    most: usize,
    connections: HashMap<Id, (Arc<Activity>, AbortHandle)>,
}

impl Open {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            connections: HashMap::new(),
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.connections.len() < self.most
    }

    pub(super) fn remember(&mut self, activity: Arc<Activity>, task: AbortHandle) {
        self.connections.insert(task.id(), (activity, task));
    }

    pub(super) fn forget(&mut self, task: Id) {
        self.connections.remove(&task);
    }

    /// Closes the connection that has been without a request longest, an unfinished request first.
    /// False if every connection has a request in flight.
    ///
    /// The search takes microseconds for a thousand connections and happens only when there are too
    /// many, so that requests need keep no list in order.
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
