//! What all endpoints use, and the one place where the directory is replaced.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::extract::FromRef;

use crate::authority::Authority;
use crate::directory::Directory;
use crate::memory::Memory;
use crate::signing_key::KeyRing;

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
}

/// The state of the router. Handlers that take `State<Arc<Entra>>` get the current one.
#[derive(Clone)]
pub(crate) struct Live(Arc<ArcSwap<Entra>>);

impl Live {
    pub(crate) fn new(entra: Entra) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(entra)))
    }

    /// The current state.
    pub(crate) fn entra(&self) -> Arc<Entra> {
        self.0.load_full()
    }
}

impl FromRef<Live> for Arc<Entra> {
    fn from_ref(live: &Live) -> Self {
        live.entra()
    }
}
