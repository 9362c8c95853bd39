use std::sync::{Mutex, PoisonError};

use reqwest::header::{ETAG, HeaderValue, IF_NONE_MATCH};
use reqwest::{Client, StatusCode};
use url::Url;

use crate::algorithm::Algorithm;
use crate::fetch::{FetchError, FetchedKeys, body, refused, send};
use crate::key_cache::KeySource;
use crate::key_set::KeySet;

/// A key set that is polled every few seconds, so that a removed key stops verifying soon. Requests
/// are conditional (RFC 9110 §13.1.2): a set that did not change costs a 304 without a body.
#[derive(Debug)]
pub struct PolledKeySet {
    http: Client,
    url: Url,
    algorithms: Vec<Algorithm>,
    last: Mutex<Option<Tagged>>,
}

/// Keys with the entity tag that they came with.
#[derive(Clone, Debug)]
struct Tagged {
    entity_tag: HeaderValue,
    keys: KeySet,
}

impl PolledKeySet {
    /// The key set at `url`, whose keys may be for these algorithms. The client decides on TLS and
    /// deadlines, and must not follow redirects.
    #[must_use]
    pub fn new(http: Client, url: Url, algorithms: &[Algorithm]) -> Self {
        Self { http, url, algorithms: algorithms.to_vec(), last: Mutex::new(None) }
    }

    fn last(&self) -> Option<Tagged> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl KeySource for PolledKeySet {
    fn name(&self) -> String {
        self.url.to_string()
    }

    fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
        let (last, url) = (self.last(), &self.url);
        let request = self.http.get(url.clone());
        let request = last.iter().fold(request, |request, last| request.header(IF_NONE_MATCH, &last.entity_tag));
        let response = send(request, url).await?;
        let keys = match (response.status(), last) {
            (StatusCode::OK, _) => self.read(response).await?,
            // Only where it answers a condition: without one, 304 says nothing.
            (StatusCode::NOT_MODIFIED, Some(last)) => last.keys,
            _ => return Err(refused(response, url).await),
        };
        Ok(FetchedKeys { issuer: None, cloud_instance: None, keys })
    }
}

impl PolledKeySet {
    async fn read(&self, response: reqwest::Response) -> Result<KeySet, FetchError> {
        let entity_tag = response.headers().get(ETAG).cloned();
        let document = body(response, &self.url).await?;
        let keys = KeySet::parse(&document, &self.algorithms)
            .map_err(|error| FetchError::Keys { document: self.url.to_string(), error })?;
        let tagged = entity_tag.map(|entity_tag| Tagged { entity_tag, keys: keys.clone() });
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = tagged;
        Ok(keys)
    }
}
