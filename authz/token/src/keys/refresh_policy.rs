use std::time::Duration;

use super::store::KeyStore;

/// How a key cache refreshes, expires and stores its keys.
#[derive(Clone, Debug)]
pub struct KeyPolicy {
    /// Time between background refreshes. Microsoft asks for about an hour ("Signing key
    /// rollover").
    pub refresh_every: Duration,
    /// Minimum time between two fetches that unknown key ids trigger.
    pub cool_down: Duration,
    /// Maximum age of the last good keys while fetches fail.
    pub max_age: Duration,
    /// Maximum time a request with an unknown `kid` waits for the refresh it triggered, and a
    /// request without keys for the first fetch.
    pub patience: Duration,
    /// Keeps the last good keys for the next start.
    pub store: Option<KeyStore>,
}

impl Default for KeyPolicy {
    fn default() -> Self {
        Self {
            refresh_every: Duration::from_hours(1),
            cool_down: Duration::from_secs(30),
            max_age: Duration::from_hours(72),
            patience: Duration::from_secs(2),
            store: None,
        }
    }
}
