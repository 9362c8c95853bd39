//! Tests of the cache and its budget on simulated time, with scripted replies.

mod isolation;
mod refresh;
mod retries;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use http::StatusCode;
use prometheus_client::registry::Registry;
use tokio::time::{Instant, sleep};

use super::TokenCache;
use crate::access_token::AccessToken;
use crate::error::{AadstsNumbers, TokenError};
use crate::grant::{Grant, GrantKind};
use crate::metrics::TokenMetrics;
use crate::retry::Budget;
use crate::token_source::TokenSource;

const LIFE: Duration = Duration::from_secs(1000);
const BUDGET: Budget = Budget {
    total: Duration::from_millis(1500),
    attempt: Duration::from_millis(600),
    attempts: 3,
};
const LATENCY: Duration = Duration::from_millis(20);

type Answer = Result<AccessToken, TokenError>;

/// A token source whose function answers the n-th request, counted from 0.
struct Script<F> {
    answer: F,
    requests: Arc<AtomicUsize>,
    tenants: Mutex<Vec<String>>,
}

impl<F: Fn(Grant, usize) -> BoxFuture<'static, Answer> + Send + Sync + 'static> TokenSource
    for Script<F>
{
    async fn request(&self, grant: &Grant) -> Answer {
        self.tenants.lock().unwrap().push(grant.tenant.to_string());
        (self.answer)(grant.clone(), self.requests.fetch_add(1, Ordering::SeqCst)).await
    }
}

/// A cache over the script, and the count of its requests.
fn cache<F>(answer: F) -> (Arc<TokenCache<Script<F>>>, Arc<AtomicUsize>)
where
    F: Fn(Grant, usize) -> BoxFuture<'static, Answer> + Send + Sync + 'static,
{
    let requests = Arc::new(AtomicUsize::new(0));
    let source = Script {
        answer,
        requests: Arc::clone(&requests),
        tenants: Mutex::default(),
    };
    let metrics = TokenMetrics::register(&mut Registry::default());
    (
        TokenCache::new(source, BUDGET, NonZeroUsize::new(100).unwrap(), metrics),
        requests,
    )
}

fn grant(tenant: &str, assertion: &str, scope: &str) -> Grant {
    Grant {
        tenant: tenant.into(),
        scope: scope.into(),
        kind: GrantKind::OnBehalfOf(assertion.into()),
    }
}

fn alice() -> Grant {
    grant("contoso", "alice", "notify")
}

/// A token that holds the number of its request, after the usual latency.
fn numbered(number: usize) -> BoxFuture<'static, Answer> {
    after(
        LATENCY,
        Ok(AccessToken::new(&number.to_string(), Instant::now(), LIFE)),
    )
}

fn after(latency: Duration, answer: Answer) -> BoxFuture<'static, Answer> {
    Box::pin(async move {
        sleep(latency).await;
        answer
    })
}

fn permanent_error() -> TokenError {
    let numbers = AadstsNumbers::default();
    TokenError::Refused {
        status: StatusCode::BAD_REQUEST,
        error: "invalid_grant".to_owned(),
        numbers,
    }
}

fn text(answer: &Answer) -> String {
    answer.as_ref().map_or_else(
        |error| error.reason().to_owned(),
        |token| token.reveal().to_owned(),
    )
}
