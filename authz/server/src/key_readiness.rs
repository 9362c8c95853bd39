//! Readiness by issuers' signing keys, which come and go while the server runs.
//!
//! ```text
//! start ─ --issuer-wait ─▶ each source has keys, or its issuer has answered that it has none
//!            │
//!            ▼ every second
//! all keys: ready ─ some: ready, /readyz names the others ─ none: not ready, 503
//! ```

use std::sync::Arc;
use std::time::Duration;

use portcullis_runtime::{PendingTask, Process, watch_part};
use tokio::time::timeout;

use crate::gate::Gate;

/// What `/readyz` calls it.
const PART: &str = "signing keys";
/// A wait is begun again this often, so that it is for the policies of the present.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Waits for issuers' keys for at most `patience`, so that a rolling restart does not answer with
/// 503 what the replica that it replaces could serve. Then `starting` ends, and readiness follows
/// the keys.
pub(crate) async fn follow(
    process: Process,
    gate: Arc<Gate>,
    patience: Duration,
    starting: PendingTask,
) {
    let settled = timeout(patience, keys_settled(&gate));
    if let Some(Err(_)) = process.shutdown_token().run_until_cancelled(settled).await {
        tracing::warn!(waited = ?patience, "not every issuer has answered; serving with the keys that there are");
    }
    watch_part(&process, PART, move || gate.routes().part_state());
    drop(starting);
}

async fn keys_settled(gate: &Gate) {
    while timeout(LOOK_AGAIN, gate.routes().keys_settled())
        .await
        .is_err()
    {}
}
