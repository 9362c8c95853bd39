mod replicas;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use reqwest::header::{ETAG, HOST, HeaderValue, IF_NONE_MATCH};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::document::{body, send, status_error};
use super::key_set::KeySet;
use super::source::{FetchError, FetchedKeys, KeySource};
use crate::jws::Algorithm;
use replicas::{Replica, replicas};

const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// Timeout for one of several replicas. Requests that name an unknown key wait for the whole fetch.
const REPLICA_TIMEOUT: Duration = Duration::from_secs(1);
/// How long the last keys of a silent replica count while others answer.
///
/// The replica may still sign, because only the path to it may be broken. After this time DNS no
/// longer has a dead pod.
const KEEP_UNANSWERED: Duration = Duration::from_secs(30);

/// The key sets of all replicas behind one URL, polled every few seconds.
///
/// While a signing key is replaced, replicas publish different sets, and one connection shows the
/// set of one replica only: 262 of 6,000 requests were denied that way. So an http URL is fetched
/// from each address of the host, without a proxy, and the keys of all replicas count. An https URL
/// is fetched by name.
///
/// Requests are conditional (RFC 9110 §13.1.2): a set that did not change costs a 304 without a
/// body.
#[derive(Debug)]
pub struct PolledKeySet {
    by_name: Client,
    by_address: Client,
    url: Url,
    algorithms: Vec<Algorithm>,
    published: Mutex<HashMap<Replica, Published>>,
}

/// The keys of a replica when it last answered.
#[derive(Clone, Debug)]
struct Published {
    entity_tag: Option<HeaderValue>,
    keys: KeySet,
    answered_at: Instant,
}

impl PolledKeySet {
    /// A source of the key set at `url`, with keys for these algorithms. The client decides on TLS
    /// and timeouts, and must not follow redirects.
    ///
    /// # Errors
    ///
    /// Fails if the client for plain HTTP cannot be built.
    pub fn new(http: Client, url: Url, algorithms: &[Algorithm]) -> Result<Self, reqwest::Error> {
        let direct = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .pool_max_idle_per_host(1);
        let by_address = direct.timeout(RESPONSE_TIMEOUT).build()?;
        let published = Mutex::new(HashMap::new());
        Ok(Self {
            by_name: http,
            by_address,
            url,
            algorithms: algorithms.to_vec(),
            published,
        })
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
        self.fetch_from(&replicas(&self.url).await?).await
    }
}

impl PolledKeySet {
    async fn fetch_from(&self, replicas: &[Replica]) -> Result<FetchedKeys, FetchError> {
        let is_alone = replicas.len() == 1;
        let answers = join_all(
            replicas
                .iter()
                .map(|replica| self.fetch_one(replica, is_alone)),
        )
        .await;
        let mut failure = None;
        let mut published = self
            .published
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        published.retain(|replica, _| replicas.contains(replica));
        let mut answered = false;
        for (replica, answer) in replicas.iter().zip(answers) {
            match answer {
                Ok(answer) => {
                    answered = true;
                    published.insert(*replica, answer);
                }
                Err(error) => failure = Some(error),
            }
        }
        if let (false, Some(error)) = (answered, failure) {
            return Err(error);
        }
        published.retain(|_, last| !last.is_out_of_date());
        // A fixed order makes equal keys an equal set.
        self.all_of(replicas.iter().filter_map(|replica| published.get(replica)))
    }

    /// Fetches the keys of one replica. One of several has a timeout of its own.
    async fn fetch_one(&self, replica: &Replica, is_alone: bool) -> Result<Published, FetchError> {
        let last = self
            .published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(replica)
            .cloned();
        let url = replica.url(&self.url);
        let client = if replica.is_by_name() {
            &self.by_name
        } else {
            &self.by_address
        };
        let mut request = client.get(url.clone());
        if !is_alone {
            request = request.timeout(REPLICA_TIMEOUT);
        }
        if let Some(host) = replica.host_header(&self.url) {
            request = request.header(HOST, host);
        }
        let tag = last.as_ref().and_then(|last| last.entity_tag.as_ref());
        let request = tag
            .iter()
            .fold(request, |request, tag| request.header(IF_NONE_MATCH, *tag));
        let response = send(request, &url).await?;
        let answered_at = Instant::now();
        match (response.status(), last) {
            (StatusCode::OK, _) => self.read(response, &url, answered_at).await,
            // 304 is valid only as the answer to a conditional request.
            (StatusCode::NOT_MODIFIED, Some(last)) if last.entity_tag.is_some() => Ok(Published {
                answered_at,
                ..last
            }),
            _ => Err(status_error(response, &url).await),
        }
    }

    async fn read(
        &self,
        response: Response,
        url: &Url,
        answered_at: Instant,
    ) -> Result<Published, FetchError> {
        let entity_tag = response.headers().get(ETAG).cloned();
        let document = body(response, url).await?;
        let keys =
            KeySet::parse(&document, &self.algorithms).map_err(|error| FetchError::Keys {
                document: url.to_string(),
                error,
            })?;
        Ok(Published {
            entity_tag,
            keys,
            answered_at,
        })
    }

    fn all_of<'a>(
        &self,
        published: impl Iterator<Item = &'a Published>,
    ) -> Result<FetchedKeys, FetchError> {
        let keys = KeySet::of_all(published.map(|published| &published.keys), &self.algorithms)
            .map_err(|error| FetchError::Keys {
                document: self.url.to_string(),
                error,
            })?;
        Ok(FetchedKeys {
            issuer: None,
            cloud_instance: None,
            keys,
        })
    }
}

impl Published {
    fn is_out_of_date(&self) -> bool {
        self.answered_at.elapsed() > KEEP_UNANSWERED
    }
}
