//! What all endpoints use, and the one place where the directory is replaced.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::extract::FromRef;

use crate::authority::Authority;
use crate::directory::Directory;
use crate::knobs::Knobs;
use crate::memory::Memory;
use crate::signing_key::KeyRing;

/// The most directories that wait for their time. With more, the last one waits for several.
const MOST_PENDING: usize = 1000;

/// What a request sees: the directory as it was at its beginning, and everything else.
#[derive(Clone)]
pub(crate) struct Entra {
    pub(crate) directory: Arc<Directory>,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) authority: Authority,
    pub(crate) memory: Arc<Memory>,
    /// Fetches the keys of issuers of federated credentials.
    pub(crate) http: reqwest::Client,
    /// The lifetime of issued tokens.
    pub(crate) lifetime: Duration,
    pub(crate) knobs: Arc<Knobs>,
}

/// The state of the router. Handlers that take `State<Arc<Entra>>` get the current one.
#[derive(Clone)]
pub(crate) struct Live {
    current: Arc<ArcSwap<Entra>>,
    newest: Arc<Mutex<Newest>>,
    delay: Duration,
}

/// The directory after all changes, and those before it that requests do not see yet.
struct Newest {
    directory: Arc<Directory>,
    pending: VecDeque<(Instant, Arc<Directory>)>,
}

impl Live {
    pub(crate) fn new(entra: Entra) -> Self {
        let newest = Newest {
            directory: Arc::clone(&entra.directory),
            pending: VecDeque::new(),
        };
        Self {
            current: Arc::new(ArcSwap::from_pointee(entra)),
            newest: Arc::new(Mutex::new(newest)),
            delay: Duration::ZERO,
        }
    }

    /// Lets requests see a change only after `delay`, as replicas of Entra's directory do.
    pub(crate) fn with_replication_delay(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// The current state.
    pub(crate) fn entra(&self) -> Arc<Entra> {
        if !self.delay.is_zero() {
            self.settle(Instant::now());
        }
        self.current.load_full()
    }

    /// Replaces the directory by what `change` makes of the newest one. One change runs at a time,
    /// so that none is lost.
    pub(crate) fn change_directory<R, E>(
        &self,
        change: impl FnOnce(&Directory) -> Result<(Directory, R), E>,
    ) -> Result<R, E> {
        let mut newest = self.lock();
        let (directory, result) = change(&newest.directory)?;
        let directory = Arc::new(directory);
        newest.directory = Arc::clone(&directory);
        if self.delay.is_zero() {
            self.put_in_force(&directory);
            return Ok(result);
        }
        if newest.pending.len() >= MOST_PENDING {
            newest.pending.pop_back();
        }
        let visible = Instant::now() + self.delay;
        newest.pending.push_back((visible, directory));
        Ok(result)
    }

    /// Puts `directory` in force without delay, as a restart does: changes through Microsoft Graph
    /// end, also those that no request sees yet. Requests that have begun keep the previous
    /// directory. Users whom the new one does not have are signed out.
    pub(crate) fn replace_directory(&self, directory: Directory) {
        let directory = Arc::new(directory);
        let mut newest = self.lock();
        let undone = newest.directory.registry().changed_objects();
        if undone > 0 {
            tracing::warn!(
                objects = undone,
                "the directory file replaces changes through Microsoft Graph"
            );
        }
        newest.pending.clear();
        newest.directory = Arc::clone(&directory);
        self.put_in_force(&directory);
        drop(newest);
        self.current.load().memory.keep_only_of(&directory);
    }

    /// Puts the newest directory in force whose time has come.
    pub(crate) fn settle(&self, now: Instant) {
        let mut newest = self.lock();
        let due = newest
            .pending
            .partition_point(|(visible, _)| *visible <= now);
        if let Some((_, directory)) = newest.pending.drain(..due).next_back() {
            self.put_in_force(&directory);
        }
    }

    fn put_in_force(&self, directory: &Arc<Directory>) {
        self.current.rcu(|entra| Entra {
            directory: Arc::clone(directory),
            ..Entra::clone(entra)
        });
    }

    fn lock(&self) -> MutexGuard<'_, Newest> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FromRef<Live> for Arc<Entra> {
    fn from_ref(live: &Live) -> Self {
        live.entra()
    }
}
