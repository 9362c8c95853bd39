use std::sync::Arc;

use portcullis_assertion::{Signer, Statement};

use crate::mac_keys::UpstreamMacKeys;

/// What assertions are signed with: one immutable whole, of which a request sees one.
#[derive(Clone, Debug)]
pub(crate) struct Signers {
    /// Signs for every upstream that shares no key.
    pub(crate) public: Arc<Signer>,
    pub(crate) mac: Arc<UpstreamMacKeys>,
    /// Raised whenever a key changes: assertions of an earlier generation are not handed out again.
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

    /// No upstream shares a key.
    pub(crate) fn public_only(signer: Signer) -> Self {
        Self::new(signer, UpstreamMacKeys::default())
    }

    /// The same with other public keys.
    pub(crate) fn with_public(&self, public: Arc<Signer>) -> Self {
        Self {
            public,
            mac: Arc::clone(&self.mac),
            generation: self.generation + 1,
        }
    }

    /// The same with other MAC keys.
    pub(crate) fn with_mac(&self, mac: Arc<UpstreamMacKeys>) -> Self {
        Self {
            public: Arc::clone(&self.public),
            mac,
            generation: self.generation + 1,
        }
    }

    /// Signs with the key that the upstream shares, or with the one whose public half it fetches.
    pub(crate) fn sign(&self, statement: &Statement<'_>, caller: [&str; 2]) -> Option<String> {
        match self.mac.get(statement.audience) {
            Some(keys) => keys.sign_for(statement, caller),
            None => self.public.sign_for(statement, caller),
        }
    }
}
