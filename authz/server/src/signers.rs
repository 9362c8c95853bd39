use std::sync::Arc;

use portcullis_assertion::{Signer, Statement};

use crate::mac_keys::UpstreamMacKeys;

/// The keys that sign assertions: immutable, so a request sees one consistent set.
#[derive(Clone, Debug)]
pub(crate) struct Signers {
    /// Signs for every upstream without MAC keys.
    pub(crate) public: Arc<Signer>,
    pub(crate) mac: Arc<UpstreamMacKeys>,
    /// Raised at each change of a key. Assertions of an earlier generation are not issued again.
    pub(crate) generation: u64,
}

impl Signers {
    pub(crate) fn new(public: Signer, mac: UpstreamMacKeys) -> Self {
        Self {
            public: Arc::new(public),
            mac: Arc::new(mac),
            generation: 0,
        }
    }

    /// Signers without MAC keys.
    pub(crate) fn public_only(signer: Signer) -> Self {
        Self::new(signer, UpstreamMacKeys::default())
    }

    /// These signers with another assertion key.
    pub(crate) fn with_public(&self, public: Arc<Signer>) -> Self {
        Self {
            public,
            mac: Arc::clone(&self.mac),
            generation: self.generation + 1,
        }
    }

    /// These signers with other MAC keys.
    pub(crate) fn with_mac(&self, mac: Arc<UpstreamMacKeys>) -> Self {
        Self {
            public: Arc::clone(&self.public),
            mac,
            generation: self.generation + 1,
        }
    }

    /// Signs with the upstream's MAC key, or with the assertion key if it has none.
    pub(crate) fn sign(&self, statement: &Statement<'_>, caller: [&str; 2]) -> Option<String> {
        match self.mac.get(statement.audience) {
            Some(keys) => keys.sign_for(statement, caller),
            None => self.public.sign_for(statement, caller),
        }
    }
}
