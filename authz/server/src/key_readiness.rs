//! Readiness by the issuers' signing keys, which come and go while the server runs.
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

use crate::authorizer::Authorizer;

/// The name of this part in `/readyz`.
const PART: &str = "signing keys";
/// The wait restarts after this time, so that it follows the policies in force.
const RESTART_WAIT: Duration = Duration::from_secs(1);

/// Waits for the keys of issuers for at most `patience`.
///
/// So a replica of a rolling restart does not answer 503 to requests that the replaced one could
/// serve. Afterwards `starting` ends, and readiness follows the keys.
pub(crate) async fn follow(
    process: Process,
    authorizer: Arc<Authorizer>,
    patience: Duration,
    starting: PendingTask,
) {
    let settled = timeout(patience, keys_settled(&authorizer));
    if let Some(Err(_)) = process.shutdown_token().run_until_cancelled(settled).await {
        tracing::warn!(
            waited = ?patience,
            "some issuers have not answered; serving with the keys of the others"
        );
    }
    watch_part(&process, PART, move || authorizer.routes().part_state());
    drop(starting);
}

async fn keys_settled(authorizer: &Authorizer) {
    while timeout(RESTART_WAIT, authorizer.routes().keys_settled())
        .await
        .is_err()
    {}
}
