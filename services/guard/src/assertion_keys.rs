use std::time::Duration;

use portcullis_assertion::{ALGORITHMS, Assertion, AssertionRefusal, Expected, Presented};
use portcullis_token::{KeyCache, KeyPolicy, PolledKeySet};
use reqwest::Client;

use crate::mac_key_file::MacKeyFile;
use crate::settings::GatewayKeys;

/// How often the authz server's public keys are asked for: with the second in which it reads its
/// key file, a removed key stops verifying within three. A 304 each time costs nothing.
const POLL_EVERY: Duration = Duration::from_secs(2);

/// While the authz server is away, its last good keys serve for an hour: services must not fall
/// with it. A key that is removed meanwhile counts until the next poll that is answered.
fn key_policy() -> KeyPolicy {
    KeyPolicy {
        refresh_every: POLL_EVERY,
        cool_down: Duration::from_secs(1),
        max_age: Duration::from_hours(1),
        patience: Duration::from_secs(2),
        store: None,
    }
}

/// The keys that assertions are verified with: at least one kind. A MAC is only ever compared by a
/// shared key, a signature only ever verified with a public one.
#[derive(Debug)]
pub(crate) struct AssertionKeys {
    public: Option<KeyCache>,
    mac: Option<MacKeyFile>,
}

/// Why an assertion was not verified.
#[derive(Debug)]
pub(crate) enum Unverified {
    /// The public keys could not be had.
    KeysUnavailable,
    /// It proves nothing here.
    Refused(AssertionRefusal),
}

impl AssertionKeys {
    pub(crate) fn start(http: Client, keys: GatewayKeys) -> anyhow::Result<Self> {
        let mac = keys.mac.as_deref().map(MacKeyFile::open).transpose()?;
        let source = keys
            .public
            .map(|url| PolledKeySet::new(http, url, ALGORITHMS))
            .transpose()?;
        Ok(Self {
            public: source.map(|source| KeyCache::start(source, key_policy())),
            mac,
        })
    }

    /// Whether keys are at hand: an open file of MAC keys always has one.
    pub(crate) fn can_verify(&self) -> bool {
        self.mac.is_some()
            || self
                .public
                .as_ref()
                .is_some_and(|cache| cache.keys().is_some())
    }

    /// The assertion, if its key says so. What the header says chooses the kind of key, and that
    /// kind refuses any other algorithm.
    pub(crate) async fn verify(
        &self,
        token: &str,
        expected: Expected<'_>,
    ) -> Result<Assertion, Unverified> {
        let presented = Presented::parse(token).map_err(Unverified::Refused)?;
        match (&self.mac, &self.public) {
            (Some(file), public) if presented.says_mac() || public.is_none() => presented
                .verify_mac(&file.keys(), expected)
                .map_err(Unverified::Refused),
            (_, Some(cache)) => verify_or_fetch(cache, presented, token, expected).await,
            (_, None) => Err(Unverified::KeysUnavailable),
        }
    }
}

/// An unknown key is asked for once: the authz server may have been restarted.
async fn verify_or_fetch(
    cache: &KeyCache,
    presented: Presented<'_>,
    token: &str,
    expected: Expected<'_>,
) -> Result<Assertion, Unverified> {
    let key_id = presented.key_id().to_owned();
    let verdict = verify_with_public(cache, presented, expected);
    let wants_keys = match &verdict {
        Err(Unverified::KeysUnavailable) => true,
        Err(Unverified::Refused(refusal)) => refusal.names_unknown_key(),
        Ok(_) => false,
    };
    if !wants_keys || !cache.refresh(&key_id).await {
        return verdict;
    }
    let presented = Presented::parse(token).map_err(Unverified::Refused)?;
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
        .map_err(Unverified::Refused)
}
