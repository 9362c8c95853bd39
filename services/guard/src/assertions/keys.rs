use std::time::Duration;

use portcullis_assertion::{ALGORITHMS, Assertion, AssertionDenied, Expected, Presented};
use portcullis_token::{KeyCache, KeyPolicy, PolledKeySet};
use reqwest::Client;

use super::AssertionTrust;
use super::mac_key_file::MacKeyFile;

/// Time between polls of the authz server's public keys.
///
/// The authz server polls its key file every second, so a removed key stops verifying within three.
/// A poll costs nothing, because the answer is a 304.
const POLL_EVERY: Duration = Duration::from_secs(2);

/// How the authz server's public keys are refreshed and expire.
///
/// While the authz server is away, its last good keys serve for an hour, so that services do not
/// fail with it. A key that is removed meanwhile verifies until the next successful poll.
fn key_policy() -> KeyPolicy {
    KeyPolicy {
        refresh_every: POLL_EVERY,
        cool_down: Duration::from_secs(1),
        max_age: Duration::from_hours(1),
        patience: Duration::from_secs(2),
        store: None,
    }
}

/// The keys that verify assertions, of at least one kind. A MAC key verifies MACs only, a public
/// key signatures only.
#[derive(Debug)]
pub(super) struct AssertionKeys {
    public: Option<KeyCache>,
    mac: Option<MacKeyFile>,
}

/// Why an assertion was not verified.
#[derive(Debug)]
pub(super) enum Unverified {
    /// The public keys are unavailable.
    KeysUnavailable,
    /// The assertion is denied.
    Denied(AssertionDenied),
}

impl AssertionKeys {
    pub(super) fn start(http: Client, trust: AssertionTrust) -> anyhow::Result<Self> {
        let mac = trust
            .mac_keys
            .as_deref()
            .map(MacKeyFile::open)
            .transpose()?;
        let source = trust
            .public_keys
            .map(|url| PolledKeySet::new(http, url, ALGORITHMS))
            .transpose()?;
        Ok(Self {
            public: source.map(|source| KeyCache::start(source, key_policy())),
            mac,
        })
    }

    /// Whether there are keys. An open file of MAC keys always has one.
    pub(super) fn can_verify(&self) -> bool {
        self.mac.is_some()
            || self
                .public
                .as_ref()
                .is_some_and(|cache| cache.keys().is_some())
    }

    /// Verifies an assertion. Its header chooses the kind of key, and that kind denies any other
    /// algorithm.
    pub(super) async fn verify(
        &self,
        token: &str,
        expected: Expected<'_>,
    ) -> Result<Assertion, Unverified> {
        let presented = Presented::parse(token).map_err(Unverified::Denied)?;
        match (&self.mac, &self.public) {
            (Some(file), public) if presented.says_mac() || public.is_none() => presented
                .verify_mac(&file.keys(), expected)
                .map_err(Unverified::Denied),
            (_, Some(cache)) => verify_or_fetch(cache, presented, token, expected).await,
            (_, None) => Err(Unverified::KeysUnavailable),
        }
    }
}

/// Verifies with the public keys. An unknown key triggers one fetch, because the authz server may
/// have been restarted.
async fn verify_or_fetch(
    cache: &KeyCache,
    presented: Presented<'_>,
    token: &str,
    expected: Expected<'_>,
) -> Result<Assertion, Unverified> {
    let key_id = presented.key_id().to_owned();
    let result = verify_with_public(cache, presented, expected);
    let needs_keys = match &result {
        Err(Unverified::KeysUnavailable) => true,
        Err(Unverified::Denied(denied)) => denied.names_unknown_key(),
        Ok(_) => false,
    };
    if !needs_keys || !cache.refresh(&key_id).await {
        return result;
    }
    let presented = Presented::parse(token).map_err(Unverified::Denied)?;
    verify_with_public(cache, presented, expected)
}

fn verify_with_public(
    cache: &KeyCache,
    presented: Presented<'_>,
    expected: Expected<'_>,
) -> Result<Assertion, Unverified> {
    let keys = cache.keys().ok_or(Unverified::KeysUnavailable)?;
    presented
        .verify(&keys.keys, expected)
        .map_err(Unverified::Denied)
}
