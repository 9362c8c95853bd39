//! What the state directory keeps of the memory: sessions, refresh tokens and consents.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use serde::{Deserialize, Serialize};

use super::{Consent, Memory, RefreshToken};
use crate::directory::Directory;
use crate::handles::StoredEntry;
use crate::sign_in::Browser;

/// The most bytes of sessions, and of refresh tokens, in the file. Usual ones have a few hundred.
const MOST_BYTES: usize = 24 * 1024 * 1024;

/// The contents of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredMemory {
    browsers: Vec<StoredEntry<Browser>>,
    refresh_tokens: Vec<StoredEntry<RefreshToken>>,
    consents: Vec<StoredConsent>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredConsent {
    #[serde(flatten)]
    consent: Consent,
    scopes: BTreeSet<String>,
}

impl Memory {
    /// What survives a restart.
    pub(crate) fn stored(&self, now: i64) -> StoredMemory {
        let consents = self.consents.lock().unwrap_or_else(PoisonError::into_inner);
        StoredMemory {
            browsers: fitting("sessions", self.browsers.stored(now)),
            refresh_tokens: fitting("refresh tokens", self.refresh_tokens.stored(now)),
            consents: consents
                .iter()
                .map(|(consent, scopes)| StoredConsent {
                    consent: *consent,
                    scopes: scopes.clone(),
                })
                .collect(),
        }
    }

    /// A memory with what was stored. Fails with the mistake in it.
    pub(crate) fn restored(stored: StoredMemory) -> Result<Self, &'static str> {
        let memory = Self::new();
        memory.browsers.restore(stored.browsers)?;
        memory.refresh_tokens.restore(stored.refresh_tokens)?;
        memory
            .consents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(
                stored
                    .consents
                    .into_iter()
                    .map(|stored| (stored.consent, stored.scopes)),
            );
        Ok(memory)
    }

    /// Forgets what belongs to users and applications that `directory` does not have. Such a user
    /// who is added again has to sign in again.
    pub(crate) fn keep_only_of(&self, directory: &Directory) {
        let has_user = |tenant, user| {
            directory
                .tenant_by_id(tenant)
                .is_some_and(|tenant| directory.user(tenant, user).is_some())
        };
        let has_application = |id| {
            let mut applications = directory.applications().iter();
            applications.any(|application| application.client_id == id)
        };
        self.browsers.retain(|browser| {
            browser.keep_accounts(|account| has_user(account.tenant, account.user));
            true
        });
        self.refresh_tokens.retain(|token| {
            has_user(token.grant.tenant, token.grant.user) && has_application(token.grant.client)
        });
        self.codes
            .retain(|code| has_user(code.grant.tenant, code.grant.user));
        let users: BTreeSet<_> = directory
            .users()
            .iter()
            .map(|user| user.object_id)
            .collect();
        self.change_consents(|consents| {
            consents.retain(|consent, _| {
                users.contains(&consent.user)
                    && has_application(consent.client)
                    && has_application(consent.resource)
            });
        });
    }
}

/// The first of `entries` that have room in the file.
fn fitting<T: Serialize>(name: &str, mut entries: Vec<T>) -> Vec<T> {
    let mut bytes = 0_usize;
    let size = |entry: &T| serde_json::to_vec(entry).map_or(0, |json| json.len());
    let room = entries
        .iter()
        .take_while(|entry| {
            bytes = bytes.saturating_add(size(entry));
            bytes <= MOST_BYTES
        })
        .count();
    if room < entries.len() {
        let left_out = entries.len() - room;
        tracing::warn!(
            left_out,
            "the state directory has no room for more {name}; the next start will not have these"
        );
        entries.truncate(room);
    }
    entries
}
