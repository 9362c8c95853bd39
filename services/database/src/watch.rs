use std::time::Duration;

use portcullis_runtime::{PendingTask, Process};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::Database;

const PERIOD: Duration = Duration::from_secs(1);
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// Failures in a row before the database counts as down. One late answer is load, not an outage.
const FAILURES: u32 = 2;

impl Database {
    /// Makes `process` unready while the database does not answer, until its shutdown.
    pub fn watch(&self, process: &Process) {
        self.watch_every(PERIOD, process);
    }

    fn watch_every(&self, period: Duration, process: &Process) {
        let database = self.clone();
        let process = process.clone();
        tokio::spawn(async move {
            let stopping = process.shutdown_token();
            let mut ticks = interval(period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut failures = 0;
            let mut outage: Option<PendingTask> = None;
            while stopping.run_until_cancelled(ticks.tick()).await.is_some() {
                match timeout(ANSWER_LIMIT, database.ping()).await {
                    Ok(Ok(())) => {
                        failures = 0;
                        if outage.take().is_some() {
                            tracing::info!("the database answers again");
                        }
                    }
                    failure => {
                        failures += 1;
                        if failures >= FAILURES && outage.is_none() {
                            let cause = failure.map_or_else(
                                |late| late.to_string(),
                                |answer| format!("{answer:?}"),
                            );
                            tracing::error!(cause, "the database does not answer");
                            outage = Some(process.pending("database"));
                        }
                    }
                }
            }
        });
    }
}
