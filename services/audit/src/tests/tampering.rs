//! Tests that the database rejects tampering.

use dev_service::on_both;
use portcullis_database::{Backend, Database};
use sqlx::{AssertSqlSafe, Executor};

use super::{Audit, append, application, assert_intact, start};

pub(super) async fn execute(database: &Database, statements: &str) -> Result<(), String> {
    let mut write = database.write().await.unwrap();
    let executed = (&mut *write)
        .execute(AssertSqlSafe(statements.to_owned()))
        .await;
    let outcome = executed.map(drop).map_err(|error| error.to_string());
    if outcome.is_ok() {
        write.commit().await.unwrap();
    }
    outcome
}

/// Five entries of one tenant, and one of another.
pub(super) async fn filled(backend: Backend) -> (Audit, Vec<String>) {
    let audit = start(backend).await;
    let mut ids = Vec::new();
    for number in 1..=5 {
        ids.push(append(&audit, &application("t1"), &number.to_string()).await);
    }
    append(&audit, &application("t2"), "other").await;
    (audit, ids)
}

/// Removes the triggers, as the owner of the database can.
pub(super) async fn disarm(database: &Database) {
    let statements = match database.backend() {
        Backend::Sqlite => {
            "DROP TRIGGER entries_refuse_update; DROP TRIGGER entries_refuse_delete; \
             DROP TRIGGER entries_refuse_replace; DROP TRIGGER entries_continue_the_chain; \
             DROP TRIGGER chains_start_empty; DROP TRIGGER chains_grow; \
             DROP TRIGGER chains_refuse_delete"
        }
        Backend::Postgres => {
            "ALTER TABLE entries DISABLE TRIGGER USER; ALTER TABLE chains DISABLE TRIGGER USER"
        }
    };
    execute(database, statements).await.unwrap();
}

on_both! {
    async fn database_rejects_changes_of_the_trail(backend) {
        let (audit, _) = filled(backend).await;
        let all = "id, action, resource_id, actor, caller_app_id, reported_actor, \
                   reported_tenant, timestamp, idempotency_key";
        let copy = |position: &str, previous: &str, id: &str| {
            format!(
                "INSERT INTO entries (tenant_id, position, previous_hash, hash, {all}) \
             SELECT tenant_id, {position}, {previous}, hash, {} \
             FROM entries WHERE tenant_id = 't1' AND position = 5",
                all.replacen("id", id, 1)
            )
        };
        let mut statements = vec![
            "UPDATE entries SET reported_actor = 'somebody else'".to_owned(),
            "UPDATE entries SET hash = hash WHERE tenant_id = 't1' AND position = 5".to_owned(),
            "DELETE FROM entries".to_owned(),
            "DELETE FROM entries WHERE tenant_id = 't1' AND position = 5".to_owned(),
            "DELETE FROM chains".to_owned(),
            "UPDATE chains SET position = 4 WHERE tenant_id = 't1'".to_owned(),
            "UPDATE chains SET position = 6 WHERE tenant_id = 't1'".to_owned(),
            "UPDATE chains SET hash = 'x' WHERE tenant_id = 't1'".to_owned(),
            "INSERT INTO chains (tenant_id, position, hash) VALUES ('t3', 1, 'x')".to_owned(),
            // A fork, a position beyond the next, and a wrong previous hash.
            copy("5", "previous_hash", "'new'"),
            copy("7", "hash", "'new'"),
            copy("6", "previous_hash", "'new'"),
        ];
        match backend {
            Backend::Sqlite => {
                let replace =
                    copy("6", "hash", "id").replace("INSERT INTO", "INSERT OR REPLACE INTO");
                // Only the service's own connections enable recursive triggers.
                statements.push(format!("PRAGMA recursive_triggers = OFF; {replace}"));
            }
            Backend::Postgres => statements.extend(
                [
                    "TRUNCATE entries",
                    "TRUNCATE chains",
                    "TRUNCATE entries, chains CASCADE",
                    "SET LOCAL session_replication_role = replica; DELETE FROM entries",
                ]
                .map(str::to_owned),
            ),
        }
        for statement in statements {
            let error = execute(&audit.database, &statement).await.unwrap_err();
            assert!(error.contains("audit "), "{statement}: {error}");
        }
        assert_intact(&audit, "t1", 5).await;
        assert_intact(&audit, "t2", 1).await;
    }
}
