use reqwest::Client;

use super::discovery::discovery;
use super::document::{get, read};
use super::key_set::KeySet;
use super::location::KeyLocation;
use super::source::{FetchError, FetchedKeys, KeySource};
use crate::jws::Algorithm;

/// The keys at the location where their issuer publishes them. The client decides on TLS, timeouts
/// and proxies, and must not follow redirects.
#[derive(Clone, Debug)]
pub struct PublishedKeys {
    /// The client for all requests.
    pub http: Client,
    /// Where the keys are.
    pub location: KeyLocation,
    /// The algorithms that the keys may be for.
    pub algorithms: Vec<Algorithm>,
}

impl KeySource for PublishedKeys {
    fn name(&self) -> String {
        match &self.location {
            KeyLocation::Discovery { url, .. } | KeyLocation::KeySet(url) => url.to_string(),
            KeyLocation::File(file) => file.display().to_string(),
            KeyLocation::Inline(_) => "inline keys".to_owned(),
        }
    }

    fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
        let (metadata, document, body) = match &self.location {
            KeyLocation::KeySet(url) => (None, url.to_string(), get(&self.http, url).await?),
            KeyLocation::Discovery {
                url,
                keys_elsewhere,
            } => {
                let metadata = discovery(&self.http, url, *keys_elsewhere).await?;
                let body = get(&self.http, &metadata.jwks_uri).await?;
                (Some(metadata.names()), metadata.jwks_uri.to_string(), body)
            }
            KeyLocation::File(path) => (None, self.name(), read(path).await?),
            KeyLocation::Inline(keys) => (None, self.name(), keys.as_bytes().to_vec()),
        };
        let keys = KeySet::parse(&body, &self.algorithms)
            .map_err(|error| FetchError::Keys { document, error })?;
        let (issuer, cloud_instance) = metadata.unwrap_or_default();
        Ok(FetchedKeys {
            issuer,
            cloud_instance,
            keys,
        })
    }
}
