use std::time::Duration;

use portcullis_runtime::{PartState, Process};
use tokio::time::sleep;

use crate::{Database, DatabaseMetrics, DatabaseSettings, Schema};

/// The name of this part in `/readyz`.
const PART: &str = "database";
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Maximum pause between attempts. Each attempt itself also waits for some seconds.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Database {
    /// Like [`Database::open`], but retries while the server does not answer.
    ///
    /// `process` is not ready meanwhile. Returns `None` if the process stops first. Ending the
    /// program would not bring the server back, and Kubernetes would wait for up to five minutes
    /// before it restarts the container. Wrong settings, such as a password, still end the program.
    pub async fn start(
        settings: &DatabaseSettings,
        schema: &Schema,
        metrics: DatabaseMetrics,
        process: &Process,
    ) -> anyhow::Result<Option<Self>> {
        let stopping = process.shutdown_token();
        let mut pause = FIRST_PAUSE;
        let mut logged = None;
        loop {
            let cause = match Self::open(settings, schema, metrics.clone()).await {
                Err(error) if is_transient(&error) => format!("{error:#}"),
                opened => {
                    process.readiness().set(PART, &PartState::Works);
                    return opened.map(Some);
                }
            };
            if logged.as_ref() != Some(&cause) {
                tracing::error!(cause, "the database does not answer; retrying");
                logged = Some(cause.clone());
            }
            process.readiness().set(PART, &PartState::Fails(cause));
            if stopping.run_until_cancelled(sleep(pause)).await.is_none() {
                return Ok(None);
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Whether a retry may succeed without a change of settings.
fn is_transient(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<sqlx::Error>())
        .any(|cause| match cause {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => true,
            sqlx::Error::Database(error) => {
                error.code().is_some_and(|code| is_transient_code(&code))
            }
            _ => false,
        })
}

/// Whether a PostgreSQL error code is of a transient class.
///
/// The classes are connection exception, insufficient resources and operator intervention
/// ("PostgreSQL Error Codes").
fn is_transient_code(code: &str) -> bool {
    ["08", "53", "57"]
        .iter()
        .any(|class| code.starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::is_transient_code;

    struct Case {
        name: &'static str,
        code: &'static str,
        is_transient: bool,
    }

    #[test]
    fn error_code_is_transient_only_for_faults_of_the_server() {
        for Case {
            name,
            code,
            is_transient,
        } in [
            Case {
                name: "the server starts",
                code: "57P03",
                is_transient: true,
            },
            Case {
                name: "the server stops",
                code: "57P01",
                is_transient: true,
            },
            Case {
                name: "there are too many connections",
                code: "53300",
                is_transient: true,
            },
            Case {
                name: "the connection failed",
                code: "08006",
                is_transient: true,
            },
            Case {
                name: "the password is wrong",
                code: "28P01",
                is_transient: false,
            },
            Case {
                name: "there is no such database",
                code: "3D000",
                is_transient: false,
            },
            Case {
                name: "the user may not do this",
                code: "42501",
                is_transient: false,
            },
        ] {
            assert_eq!(is_transient_code(code), is_transient, "{name}");
        }
    }
}
