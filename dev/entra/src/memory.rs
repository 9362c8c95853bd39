//! What dev-entra remembers between requests: sessions, codes, refresh tokens and consents.

mod stored;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::directory::{Application, Platform, User};
use crate::handles::Handles;
use crate::sign_in::{Browser, CodeChallenge, SignIn};

/// How long a code can be redeemed, in seconds; Entra's take about ten minutes.
pub(crate) const CODE_LIVES: i64 = 600;
/// How long a sign-in may take, in seconds.
pub(crate) const SIGN_IN_LIVES: i64 = 3600;
/// How long a browser stays signed in, in seconds.
pub(crate) const SESSION_LIVES: i64 = 24 * 3600;
/// How long a user has to enter the code of a device, in seconds.
pub(crate) const DEVICE_CODE_LIVES: i64 = 900;

/// The most codes, sign-ins and device codes at a time.
const MOST_SHORT_LIVED: usize = 10_000;
/// The most sessions and refresh tokens at a time.
const MOST_LONG_LIVED: usize = 20_000;

/// The tables of everything that was handed out.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) browsers: Handles<Browser>,
    pub(crate) sign_ins: Handles<SignIn>,
    pub(crate) codes: Handles<AuthorizationCode>,
    pub(crate) refresh_tokens: Handles<RefreshToken>,
    pub(crate) devices: Handles<Device>,
    /// The device code of each user code.
    pub(crate) user_codes: Handles<String>,
    consents: Mutex<BTreeMap<Consent, BTreeSet<String>>>,
    /// Notified after each change of a table that survives a restart.
    changed: Arc<Notify>,
}

/// What a user allowed a client to do: the part of a request that its tokens keep.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UserGrant {
    pub(crate) tenant: Uuid,
    pub(crate) user: Uuid,
    pub(crate) client: Uuid,
    /// The scopes in the spelling of the request.
    pub(crate) scope: String,
    /// The authentication contexts that the user met.
    pub(crate) contexts: Vec<String>,
    /// The id of the session, `sid`; none for a grant without a browser.
    pub(crate) session: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) platform: Platform,
}

/// A code of RFC 6749 §4.1.2.
#[derive(Clone, Debug)]
pub(crate) struct AuthorizationCode {
    pub(crate) grant: UserGrant,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<CodeChallenge>,
    /// In seconds since 1970.
    pub(crate) ends: i64,
    /// A redeemed code stays until its time, so that its second use has an error of its own.
    pub(crate) is_redeemed: bool,
}

/// A refresh token. Like Entra's it is bound to its client, and not to a resource or a tenant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RefreshToken {
    pub(crate) grant: UserGrant,
    /// In seconds since 1970. A refreshed token of a single-page application inherits it.
    pub(crate) ends: i64,
}

/// A device that waits for its user (RFC 8628).
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) client: Uuid,
    /// The first segment of the path at which the device asked.
    pub(crate) segment: String,
    pub(crate) scope: String,
    pub(crate) state: DeviceState,
    /// In seconds since 1970.
    pub(crate) ends: i64,
}

/// What the user of a device has done.
#[derive(Clone, Debug)]
pub(crate) enum DeviceState {
    Pending,
    Declined,
    Granted(UserGrant),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Consent {
    user: Uuid,
    client: Uuid,
    resource: Uuid,
}

impl Memory {
    pub(crate) fn new() -> Self {
        let changed = Arc::<Notify>::default();
        Self {
            browsers: Handles::noting(MOST_LONG_LIVED, Arc::clone(&changed)),
            sign_ins: Handles::new(MOST_SHORT_LIVED),
            codes: Handles::new(MOST_SHORT_LIVED),
            refresh_tokens: Handles::noting(MOST_LONG_LIVED, Arc::clone(&changed)),
            devices: Handles::new(MOST_SHORT_LIVED),
            user_codes: Handles::new(MOST_SHORT_LIVED),
            consents: Mutex::new(BTreeMap::new()),
            changed,
        }
    }

    /// Waits until a table that survives a restart may have changed since the last call.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The scopes of `resource` that `user` allowed `client` to use.
    pub(crate) fn consented_by(
        &self,
        user: &User,
        client: &Application,
        resource: &Application,
    ) -> BTreeSet<String> {
        self.consents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&Consent::new(user, client, resource))
            .cloned()
            .unwrap_or_default()
    }

    /// All consents: user, client id, resource's client id, and scopes.
    pub(crate) fn consents(&self) -> Vec<(Uuid, Uuid, Uuid, BTreeSet<String>)> {
        self.consents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|(of, scopes)| (of.user, of.client, of.resource, scopes.clone()))
            .collect()
    }

    /// Makes `scopes` the whole consent of `user`; with none of them it is revoked.
    pub(crate) fn set_consent(
        &self,
        user: Uuid,
        client: Uuid,
        resource: Uuid,
        scopes: BTreeSet<String>,
    ) {
        let consent = Consent {
            user,
            client,
            resource,
        };
        self.change_consents(|consents| {
            if scopes.is_empty() {
                consents.remove(&consent);
            } else {
                consents.insert(consent, scopes);
            }
        });
    }

    /// Records the consent of `user`. Its number is bounded by the directory's contents.
    pub(crate) fn consent(
        &self,
        user: &User,
        client: &Application,
        resource: &Application,
        scopes: impl IntoIterator<Item = String>,
    ) {
        self.change_consents(|consents| {
            consents
                .entry(Consent::new(user, client, resource))
                .or_default()
                .extend(scopes);
        });
    }

    /// Changes the consents, and has the change written.
    fn change_consents(&self, change: impl FnOnce(&mut BTreeMap<Consent, BTreeSet<String>>)) {
        change(&mut self.consents.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_one();
    }
}

impl Consent {
    fn new(user: &User, client: &Application, resource: &Application) -> Self {
        Self {
            user: user.object_id,
            client: client.client_id,
            resource: resource.client_id,
        }
    }
}
