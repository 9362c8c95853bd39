//! Runs all groups of cases, one after the other.

mod judge;
mod probe;
mod records;
mod tally;
mod workers;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::plan::{Plan, plans};
use crate::report::{Group, Report};
use crate::target::Target;
use records::RecordsClient;

/// The progress of a run.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    inner: Arc<(std::sync::Mutex<(String, usize)>, AtomicUsize)>,
}

impl Progress {
    /// The current group, its number of finished cases, and its number of cases.
    #[must_use]
    pub fn now(&self) -> (String, usize, usize) {
        let (name, cases) = self
            .inner
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone();
        (name, self.inner.1.load(Ordering::Relaxed), cases)
    }

    fn begin(&self, plan: &Plan) {
        let mut group = self
            .inner
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *group = (plan.name.clone(), plan.cases);
        self.inner.1.store(0, Ordering::Relaxed);
    }

    fn advance(&self) {
        self.inner.1.fetch_add(1, Ordering::Relaxed);
    }
}

/// Tests `target`.
///
/// # Errors
///
/// Fails if the gateway or the echo cannot be reached, or if an honest request does not reach the
/// echo.
pub async fn run(target: Target, progress: &Progress) -> anyhow::Result<Report> {
    let target = Arc::new(target);
    let records = RecordsClient::new(&target.records, target.limit)?;
    let probed = probe::probe(&target, &records).await?;
    let mut all = plans(&target, &probed.routes, false);
    let http2 = plans(&target, &probed.routes, true);
    let skipped = http2.iter().filter(|_| !probed.http2).map(|plan| Group {
        name: plan.name.clone(),
        skipped: Some("the gateway does not speak HTTP/2 without TLS".to_owned()),
        ..Group::default()
    });
    let skipped: Vec<Group> = skipped.collect();
    if probed.http2 {
        all.extend(http2);
    }
    let all: Arc<[Plan]> = all.into();
    let mut report = Report::default();
    for (number, plan) in all.iter().enumerate() {
        let number = u8::try_from(number)?;
        progress.begin(plan);
        records.clear().await?;
        let tallies = workers::try_all(&all, number, probed.run, &target, progress).await?;
        let seen = records.all().await?;
        report.groups.push(judge::judge(
            plan, number, probed.run, &target, tallies, &seen,
        ));
    }
    report.groups.extend(skipped);
    Ok(report)
}
