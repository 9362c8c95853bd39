use std::time::Duration;

use portcullis_runtime::Process;
use tokio::time::{MissedTickBehavior, interval};

/// Far below a probe's period, so that a probe sees the present.
const PERIOD: Duration = Duration::from_secs(1);

/// Keeps this program from being ready while it has no keys to verify a token with. Liveness stays untouched: a restart would not
/// bring the issuer back.
pub(crate) fn watch_keys(process: &Process, has_keys: impl Fn() -> bool + Send + 'static) {
    let (process, stopping) = (process.clone(), process.shutdown_token());
    let watch = async move {
        let mut pending = None;
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match (has_keys(), &pending) {
                (true, Some(_)) => {
                    pending = None;
                    tracing::info!("signing keys are at hand again");
                }
                (false, None) => {
                    pending = Some(process.pending("signing keys of the issuer"));
                    tracing::error!("no signing keys are at hand; not ready until they are");
                }
                _ => {}
            }
        }
    };
    tokio::spawn(async move { stopping.run_until_cancelled(watch).await });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use portcullis_runtime::Process;

    use super::watch_keys;

    #[tokio::test]
    async fn without_keys_a_program_is_not_ready_until_they_are_back() {
        let (process, keys) = (Process::detached(), Arc::new(AtomicBool::new(true)));
        let seen = Arc::clone(&keys);
        watch_keys(&process, move || seen.load(Ordering::Relaxed));
        let mut changes = process.readiness().changes();
        for (has_keys, expected) in [(false, &["signing keys of the issuer"][..]), (true, &[])] {
            keys.store(has_keys, Ordering::Relaxed);
            changes.changed().await.unwrap();
            assert_eq!(process.readiness().pending(), expected);
        }
    }
}
