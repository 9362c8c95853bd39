//! Several clients at once, each taking the next case that nobody has taken.

mod desync;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::task::JoinSet;

use super::Progress;
use super::tally::Tally;
use crate::canary::{Canary, Role};
use crate::exchange::Exchange;
use crate::plan::{Kind, Plan};
use crate::target::Target;

/// Sends every case of one group.
pub(super) async fn try_all(
    plans: &Arc<[Plan]>,
    number: u8,
    run: u16,
    target: &Arc<Target>,
    progress: &Progress,
) -> anyhow::Result<Tally> {
    let next = Arc::new(AtomicU32::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..target.connections.max(1) {
        let (plans, target, next, progress) =
            (Arc::clone(plans), Arc::clone(target), Arc::clone(&next), progress.clone());
        workers.spawn(async move {
            let mut tally = Tally::default();
            let Some(plan) = plans.get(usize::from(number)) else { return Ok(tally) };
            let mut exchange = Exchange::new(target.gateway, target.limit);
            loop {
                let canary =
                    Canary { role: Role::Case, run, group: number, index: next.fetch_add(1, Ordering::Relaxed) };
                if usize::try_from(canary.index)? >= plan.cases {
                    return anyhow::Ok(tally);
                }
                let Some(made) = plan.make(canary) else { continue };
                match &plan.kind {
                    Kind::Smuggling(manner) => {
                        desync::attempt(&mut exchange, &made, manner(canary.index), &mut tally).await?;
                    }
                    Kind::Headers | Kind::Paths(_) => tally.count(&exchange.send(&made.case.wire).await?),
                }
                progress.advance();
            }
        });
    }
    let mut all = Tally::default();
    while let Some(worker) = workers.join_next().await {
        all = all.and(worker??);
    }
    Ok(all)
}
