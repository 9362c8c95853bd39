use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use dev_stack::{Answer, Stack};
use reqwest::Client;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Clients that ask without a pause, each on a connection of its own, until they are told to stop.
pub struct Load {
    clients: JoinSet<Served>,
    stop: Arc<AtomicBool>,
    progress: Arc<watch::Sender<usize>>,
}

/// How many requests had which outcome.
#[derive(Debug, Default)]
pub struct Served(pub BTreeMap<String, usize>);

impl Load {
    /// `clients` of them ask for `path` with `token`.
    pub fn start(stack: &Stack, clients: usize, path: &str, token: &str) -> anyhow::Result<Self> {
        let url = format!("{}{path}", stack.gateway());
        let stop = Arc::new(AtomicBool::new(false));
        let progress = Arc::new(watch::Sender::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..clients {
            // As a load balancer in front of Envoy would: a connection that was closed while it was
            // idle is opened anew.
            let http = Client::builder()
                .no_proxy()
                .timeout(Duration::from_secs(30))
                .build()?;
            tasks.spawn(ask(
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

    /// Waits until `more` further requests were answered.
    pub async fn answered(&self, more: usize) -> anyhow::Result<()> {
        let mut progress = self.progress.subscribe();
        let goal = *progress.borrow_and_update() + more;
        let reached = tokio::time::timeout(
            Duration::from_mins(1),
            progress.wait_for(|answered| *answered >= goal),
        );
        reached
            .await
            .context("requests are not answered any more")?
            .map(drop)
            .context("the clients have ended")
    }

    /// Stops the clients; what they saw.
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
    /// Nothing but 200s, and enough of them to mean something.
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

async fn ask(
    http: Client,
    url: String,
    token: String,
    stop: Arc<AtomicBool>,
    progress: Arc<watch::Sender<usize>>,
) -> Served {
    let mut served = Served::default();
    while !stop.load(Ordering::Relaxed) {
        let outcome = match Answer::to(http.get(&url).bearer_auth(&token)).await {
            Ok(answer) => answer.verdict(),
            Err(error) => format!("no answer: {error:#}"),
        };
        *served.0.entry(outcome).or_insert(0) += 1;
        progress.send_modify(|answered| *answered += 1);
    }
    served
}
