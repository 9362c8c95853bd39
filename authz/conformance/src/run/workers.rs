//! Runs several clients at once. Each takes the next case of the group.

mod desync;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Progress;
use super::tally::Tally;
use crate::canary::{Canary, Role};
use crate::exchange::Exchange;
use crate::plan::{Kind, Made, Plan};
use crate::target::Target;

/// Clients for each connection that may be busy. Most of them wait for a peer that does not answer,
/// which costs neither side anything.
const CLIENTS: usize = 6;
/// The time after which a waiting case no longer counts as busy, so that another can start.
const BUSY: Duration = Duration::from_millis(100);

/// Sends every case of one group.
pub(super) async fn try_all(
    plans: &Arc<[Plan]>,
    number: u8,
    run: u16,
    target: &Arc<Target>,
    progress: &Progress,
) -> anyhow::Result<Tally> {
    let connections = target.connections.max(1);
    let group = Arc::new(GroupInWork {
        plans: Arc::clone(plans),
        target: Arc::clone(target),
        progress: progress.clone(),
        first: Canary {
            role: Role::Case,
            run,
            group: number,
            index: 0,
        },
        next: AtomicU32::new(0),
        busy: Semaphore::new(connections),
    });
    let mut clients = JoinSet::new();
    for _ in 0..connections * CLIENTS {
        let group = Arc::clone(&group);
        clients.spawn(async move { group.work().await });
    }
    let mut all = Tally::default();
    while let Some(client) = clients.join_next().await {
        all = all.and(client??);
    }
    Ok(all)
}

struct GroupInWork {
    plans: Arc<[Plan]>,
    target: Arc<Target>,
    progress: Progress,
    first: Canary,
    next: AtomicU32,
    busy: Semaphore,
}

impl GroupInWork {
    /// Runs one client until no cases are left.
    async fn work(&self) -> anyhow::Result<Tally> {
        let mut tally = Tally::default();
        let Some(plan) = self.plans.get(usize::from(self.first.group)) else {
            return Ok(tally);
        };
        let mut exchange = Exchange::new(self.target.gateway, self.target.limit);
        loop {
            let permit = self.busy.acquire().await?;
            let canary = Canary {
                index: self.next.fetch_add(1, Ordering::Relaxed),
                ..self.first
            };
            if usize::try_from(canary.index)? >= plan.cases {
                return Ok(tally);
            }
            let made = plan
                .make(canary)
                .with_context(|| format!("{} has no case {}", plan.name, canary.index))?;
            let mut attempt = std::pin::pin!(attempt(&mut exchange, plan, &made, &mut tally));
            if let Ok(done) = timeout(BUSY, &mut attempt).await {
                done?;
            } else {
                drop(permit);
                attempt.await?;
            }
            self.progress.advance();
        }
    }
}

async fn attempt(
    exchange: &mut Exchange,
    plan: &Plan,
    made: &Made,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    match &plan.kind {
        Kind::Smuggling(manner) => {
            desync::attempt(exchange, made, manner(made.setting.canary.index), tally).await
        }
        Kind::Headers | Kind::Paths(_) => {
            tally.count(&exchange.send(&made.case.wire).await?);
            Ok(())
        }
    }
}
