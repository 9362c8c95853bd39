use std::sync::Arc;
use std::time::Duration;

use portcullis_policy::{Issuer, Provider};
use portcullis_runtime::Process;
use portcullis_token::{Audiences, KeyPolicy, Verifier, unix_now};
use reqwest::Client;
use tokio::time::timeout;

use super::{Checks, Guard};
use crate::assertions::{AssertionTrust, AssertionVerifier};

/// Builds a [`Guard`] in code, without a command line.
///
/// [`Guard::start`] uses it with what the settings say.
#[derive(Debug)]
pub struct GuardBuilder {
    issuer: Issuer,
    audiences: Audiences,
    assertions: Option<AssertionTrust>,
    keys: KeyPolicy,
    issuer_wait: Duration,
    clock: fn() -> u64,
}

impl GuardBuilder {
    pub(super) fn new(issuer: Issuer, audiences: Audiences) -> Self {
        Self {
            issuer,
            audiences,
            assertions: None,
            keys: KeyPolicy::default(),
            issuer_wait: Duration::from_secs(15),
            clock: unix_now,
        }
    }

    /// Accepts assertions of the authz server beside tokens. Without this, assertions are ignored.
    #[must_use]
    pub fn trusting(self, assertions: AssertionTrust) -> Self {
        Self {
            assertions: Some(assertions),
            ..self
        }
    }

    /// Replaces how the issuer's signing keys are refreshed, expire and are stored.
    #[must_use]
    pub fn key_policy(self, keys: KeyPolicy) -> Self {
        Self { keys, ..self }
    }

    /// Replaces the maximum time that a start waits for the issuer's signing keys, which is 15 s.
    #[must_use]
    pub fn issuer_wait(self, issuer_wait: Duration) -> Self {
        Self {
            issuer_wait,
            ..self
        }
    }

    /// Replaces the clock, in seconds since 1970.
    #[must_use]
    pub fn clock(self, clock: fn() -> u64) -> Self {
        Self { clock, ..self }
    }

    /// Waits for the issuer's keys, up to the maximum, and starts with those that it has.
    ///
    /// `http` fetches keys. `process` is not ready while no caller can be verified. A fault of the
    /// issuer never ends it. Fails if the file of MAC keys cannot be used.
    pub async fn start(self, http: Client, process: &Process) -> anyhow::Result<Guard> {
        let pending = process.pending("start of the signing keys");
        let verifier = verifier(self.issuer, &http, &self.keys);
        let assertions = self
            .assertions
            .map(|trust| AssertionVerifier::start(http, trust))
            .transpose()?;
        // A stop ends the wait. So does the issuer's answer that it has no keys, as for a deleted
        // tenant.
        let settled = timeout(self.issuer_wait, verifier.settled());
        process.shutdown_token().run_until_cancelled(settled).await;
        let guard = Guard(Arc::new(Checks {
            verifier: Arc::new(verifier),
            audiences: self.audiences,
            assertions,
            clock: self.clock,
        }));
        guard.watch_keys(process);
        drop(pending);
        Ok(guard)
    }
}

/// A verifier of the issuer's tokens, which starts to fetch its signing keys.
fn verifier(Issuer { provider, times }: Issuer, http: &Client, keys: &KeyPolicy) -> Verifier {
    match provider {
        Provider::Entra(settings) => Verifier::entra(http, settings, keys, times),
        Provider::Oidc(settings) => Verifier::oidc(http, settings, keys, times),
    }
}
