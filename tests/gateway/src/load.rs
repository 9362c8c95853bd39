use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use dev_stack::{Answer, Stack};
use reqwest::Client;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Clients that send requests without a pause until `stop`, each on its own connection.
pub struct Load {
    clients: JoinSet<Served>,
    stop: Arc<AtomicBool>,
    progress: Arc<watch::Sender<usize>>,
}

/// The number of requests by their outcome: status and reason code, or error.
#[derive(Debug, Default)]
pub struct Served(pub BTreeMap<String, usize>);

impl Load {
    /// Starts `clients` clients that send `GET path` with `token`.
    pub fn start(stack: &Stack, clients: usize, path: &str, token: &str) -> anyhow::Result<Self> {
        let url = format!("{}{path}", stack.gateway());
        let stop = Arc::new(AtomicBool::new(false));
        let progress = Arc::new(watch::Sender::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..clients {
            // Like a load balancer in front of Envoy, the client replaces a connection that was
            // closed while it was idle.
            let http = Client::builder()
                .no_proxy()
                .timeout(Duration::from_secs(30))
                .build()?;
            tasks.spawn(send_until_stopped(
                http,
                url.clone(),
                token.to_owned(),
                Arc::clone(&stop),
                Arc::clone(&progress),
            ));
        }
        Ok(Self {
            clients: tasks,
            stop,
            progress,
        })
    }

    /// Waits until `more` further requests have outcomes.
    pub async fn answered(&self, more: usize) -> anyhow::Result<()> {
        let mut progress = self.progress.subscribe();
        let goal = *progress.borrow_and_update() + more;
        let reached = tokio::time::timeout(
            Duration::from_mins(1),
            progress.wait_for(|answered| *answered >= goal),
        );
        reached
            .await
            .context("no more requests are answered")?
            .map(drop)
            .context("the clients have ended")
    }

    /// Stops the clients and returns all outcomes.
    pub async fn stop(mut self) -> anyhow::Result<Served> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = BTreeMap::new();
        while let Some(served) = self.clients.join_next().await {
            for (outcome, count) in served?.0 {
                *all.entry(outcome).or_insert(0) += count;
            }
        }
        Ok(Served(all))
    }
}

impl Served {
    /// Fails unless every request had 200 and there were `at_least` of them.
    pub fn must_be_complete(&self, at_least: usize) -> anyhow::Result<()> {
        let good = self.0.get("200").copied().unwrap_or_default();
        ensure!(
            good >= at_least,
            "only {good} requests were served: {:?}",
            self.0
        );
        ensure!(self.0.len() == 1, "requests were lost: {:?}", self.0);
        Ok(())
    }
}

async fn send_until_stopped(
    http: Client,
    url: String,
    token: String,
    stop: Arc<AtomicBool>,
    progress: Arc<watch::Sender<usize>>,
) -> Served {
    let mut served = Served::default();
    while !stop.load(Ordering::Relaxed) {
        let outcome = match Answer::to(http.get(&url).bearer_auth(&token)).await {
            Ok(answer) => answer.outcome(),
            Err(error) => format!("no answer: {error:#}"),
        };
        *served.0.entry(outcome).or_insert(0) += 1;
        progress.send_modify(|answered| *answered += 1);
    }
    served
}
