//! A user never gets another user's token: a million interleaved calls on simulated time.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use http::StatusCode;
use prometheus_client::registry::Registry;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use super::{Answer, BUDGET, TokenCache};
use crate::access_token::AccessToken;
use crate::error::{AadstsNumbers, TokenError};
use crate::grant::{Grant, GrantKind};
use crate::metrics::TokenMetrics;
use crate::token_source::TokenSource;

const CALLERS: u64 = 100;
const CALLS: u64 = 10_000;
const USERS: u64 = 40;
const TENANTS: [&str; 3] = ["contoso", "fabrikam", "tailspin"];
const SCOPES: [&str; 2] = ["api://notification/.default", "api://audit/.default"];

/// A token source whose replies, tokens and errors, hold the description of their grant.
///
/// It also counts the open requests of each grant.
#[derive(Default)]
struct Witness {
    open: Mutex<HashMap<String, usize>>,
    requests: Mutex<u64>,
}

fn description(grant: &Grant) -> String {
    let who = match &grant.kind {
        GrantKind::OnBehalfOf(assertion) => assertion,
        GrantKind::ClientCredentials => "itself",
    };
    format!("{}|{}|{who}", grant.tenant, grant.scope)
}

impl Witness {
    /// The number of open requests for this grant, this one included.
    fn opened(&self, description: &str) -> usize {
        let mut open = self.open.lock().unwrap();
        let open = open.entry(description.to_owned()).or_default();
        *open += 1;
        *open
    }

    fn number(&self) -> u64 {
        let mut requests = self.requests.lock().unwrap();
        *requests += 1;
        *requests
    }
}

impl TokenSource for Arc<Witness> {
    async fn request(&self, grant: &Grant) -> Answer {
        let description = description(grant);
        let number = self.number();
        assert_eq!(
            self.opened(&description),
            1,
            "one request in flight for {description}"
        );
        let issued = Instant::now();
        sleep(Duration::from_millis(5 + number % 90)).await;
        *self.open.lock().unwrap().get_mut(&description).unwrap() -= 1;
        let numbers = AadstsNumbers::default();
        match number % 11 {
            0 => Err(TokenError::Refused {
                status: StatusCode::BAD_REQUEST,
                error: description,
                numbers,
            }),
            1 => Err(TokenError::Unavailable(StatusCode::BAD_GATEWAY)),
            _ => Ok(AccessToken::new(
                &description,
                issued,
                Duration::from_secs(5 + number % 60),
            )),
        }
    }
}

/// A random number generator with a seed, so that a failure can be reproduced.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn of(&mut self, list: &'static [&'static str]) -> Arc<str> {
        list[usize::try_from(self.below(list.len() as u64)).unwrap()].into()
    }

    fn grant(&mut self) -> Grant {
        let tenant = self.of(&TENANTS);
        let scope = self.of(&SCOPES);
        // The same person has several sessions, and the same name occurs in several tenants.
        let kind = match self.below(20) {
            0 => GrantKind::ClientCredentials,
            _ => GrantKind::OnBehalfOf(
                format!("user {} session {}", self.below(USERS), self.below(2)).into(),
            ),
        };
        Grant {
            tenant,
            scope,
            kind,
        }
    }
}

/// Makes one call and returns whether it got a token. Token and error must be of its own grant.
async fn call(cache: &Arc<TokenCache<Arc<Witness>>>, random: &mut Random) -> bool {
    let grant = random.grant();
    let expected = description(&grant);
    match cache.token(&grant).await {
        Ok(token) => {
            assert_eq!(token.reveal(), expected);
            assert!(
                token.is_usable(Instant::now()),
                "the cache returned an unusable token"
            );
            if random.below(500) == 0 {
                cache.forget(&grant, &token);
            }
            return true;
        }
        Err(TokenError::Refused { error, .. }) => {
            assert_eq!(error, expected, "the error of another user");
        }
        Err(error) => assert_eq!(error.reason(), "endpoint_unavailable"),
    }
    false
}

#[tokio::test(start_paused = true)]
async fn interleaved_calls_never_mix_users_tenants_scopes_or_sessions() {
    let witness = Arc::new(Witness::default());
    let metrics = TokenMetrics::register(&mut Registry::default());
    let cache = TokenCache::new(
        Arc::clone(&witness),
        BUDGET,
        NonZeroUsize::new(10_000).unwrap(),
        metrics,
    );
    let started = Instant::now();
    let callers = (0..CALLERS).map(|seed| {
        let cache = Arc::clone(&cache);
        tokio::spawn(async move {
            let mut random = Random(seed);
            let mut tokens = 0;
            for _ in 0..CALLS {
                tokens += u64::from(call(&cache, &mut random).await);
                match random.below(64) {
                    0 => sleep(Duration::from_millis(random.below(2000))).await,
                    1..8 => yield_now().await,
                    _ => {}
                }
            }
            tokens
        })
    });
    let tokens: u64 = join_all(callers)
        .await
        .into_iter()
        .map(Result::unwrap)
        .sum();
    let requests = *witness.requests.lock().unwrap();
    let errors = CALLERS * CALLS - tokens;
    // The test is meaningful only if many tokens were shared, expired and were denied.
    assert!(
        requests > 2_000 && requests < 200_000,
        "{requests} requests"
    );
    assert!(errors > 100 && errors < 100_000, "{errors} errors");
    assert!(
        started.elapsed() > Duration::from_mins(1),
        "{:?}",
        started.elapsed()
    );
}
