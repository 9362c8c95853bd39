use std::mem::discriminant;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::PartState;
use crate::Process;

/// Interval of the checks, far below the period of readiness probes.
const PERIOD: Duration = Duration::from_secs(1);

/// Sets the state of the part `name` of `process` now and every second until shutdown.
///
/// It does not change liveness, because a restart would not repair the part. The log has one line
/// for each change of the state. Only `/readyz` shows a changed reason.
pub fn watch_part(
    process: &Process,
    name: &'static str,
    check: impl Fn() -> PartState + Send + 'static,
) {
    let process = process.clone();
    let stopping = process.shutdown_token();
    let mut state = check();
    note_change(name, &PartState::Works, &state);
    process.readiness().set(name, &state);
    let watch = async move {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = check();
            note_change(name, &state, &now);
            process.readiness().set(name, &now);
            state = now;
        }
    };
    tokio::spawn(async move { stopping.run_until_cancelled(watch).await });
}

fn note_change(part: &str, before: &PartState, now: &PartState) {
    if discriminant(before) == discriminant(now) {
        return;
    }
    match now {
        PartState::Works => tracing::info!(part, "works for all requests"),
        PartState::Degraded(reason) => {
            tracing::warn!(
                part,
                reason,
                "works for some requests; others are answered with 503"
            );
        }
        PartState::Fails(reason) => {
            tracing::error!(
                part,
                reason,
                "works for no request; not ready until it does"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::watch_part;
    use crate::{PartState, Process};

    #[tokio::test(start_paused = true)]
    async fn failing_part_blocks_readiness_at_once_and_until_it_works() {
        struct Case {
            name: &'static str,
            now: PartState,
            pending: &'static [&'static str],
            degraded: &'static [&'static str],
        }

        let process = Process::detached();
        let state = Arc::new(Mutex::new(PartState::Fails("no answer".to_owned())));
        let seen = Arc::clone(&state);
        watch_part(&process, "signing keys", move || {
            seen.lock().unwrap().clone()
        });
        assert_eq!(
            process.readiness().pending(),
            ["signing keys: no answer"],
            "before the first tick"
        );
        let mut changes = process.readiness().changes();
        for Case {
            name,
            now,
            pending,
            degraded,
        } in [
            Case {
                name: "degraded",
                now: PartState::Degraded("one missing".to_owned()),
                pending: &[],
                degraded: &["signing keys: one missing"],
            },
            Case {
                name: "works",
                now: PartState::Works,
                pending: &[],
                degraded: &[],
            },
            Case {
                name: "fails",
                now: PartState::Fails("no answer".to_owned()),
                pending: &["signing keys: no answer"],
                degraded: &[],
            },
        ] {
            *state.lock().unwrap() = now;
            changes.changed().await.unwrap();
            assert_eq!(process.readiness().pending(), pending, "{name}");
            assert_eq!(process.readiness().degraded(), degraded, "{name}");
        }
    }
}
