use std::time::Duration;

use portcullis_runtime::{PartState, Process};
use tokio::time::sleep;

use crate::{Database, DatabaseMetrics, DatabaseSettings, Schema};

/// The name of this part in `/readyz`.
const PART: &str = "database";
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Each try waits some seconds by itself.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Database {
    /// Opens the database as [`Database::open`] does, and tries again while its server does not
    /// answer. `process` is not ready meanwhile. Returns `None` if it is stopped first.
    ///
    /// Ending the program would not bring the server back; Kubernetes then waits for up to five
    /// minutes before it starts the next one. Settings that are wrong, such as a password, still
    /// end it.
    pub async fn start(
        settings: &DatabaseSettings,
        schema: &Schema,
        metrics: DatabaseMetrics,
        process: &Process,
    ) -> anyhow::Result<Option<Self>> {
        let stopping = process.shutdown_token();
        let (mut pause, mut said) = (FIRST_PAUSE, None);
        loop {
            let cause = match Self::open(settings, schema, metrics.clone()).await {
                Err(error) if may_pass(&error) => format!("{error:#}"),
                opened => {
                    process.readiness().set(PART, &PartState::Works);
                    return opened.map(Some);
                }
            };
            if said.as_ref() != Some(&cause) {
                tracing::error!(cause, "the database does not answer; it is tried again");
                said = Some(cause.clone());
            }
            process.readiness().set(PART, &PartState::Fails(cause));
            if stopping.run_until_cancelled(sleep(pause)).await.is_none() {
                return Ok(None);
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Whether the server may answer later without a change of settings.
fn may_pass(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<sqlx::Error>())
        .any(|cause| match cause {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => true,
            sqlx::Error::Database(answer) => answer.code().is_some_and(|code| is_passing(&code)),
            _ => false,
        })
}

/// Classes of "PostgreSQL Error Codes": connection exception, insufficient resources, operator
/// intervention.
fn is_passing(code: &str) -> bool {
    ["08", "53", "57"]
        .iter()
        .any(|class| code.starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::is_passing;

    #[test]
    fn only_faults_of_the_server_may_pass() {
        for (code, passes, what) in [
            ("57P03", true, "the server starts"),
            ("57P01", true, "the server stops"),
            ("53300", true, "there are too many connections"),
            ("08006", true, "the connection failed"),
            ("28P01", false, "the password is wrong"),
            ("3D000", false, "there is no such database"),
            ("42501", false, "the user may not do this"),
        ] {
            assert_eq!(is_passing(code), passes, "{what}");
        }
    }
}
