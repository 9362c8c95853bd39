//! Tests of tampering: the database rejects it, and verification finds it.

use dev_service::{Place, on_both};
use portcullis_database::{Backend, Database};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor};

use super::{append, application, send, verification};
use crate::schema;
use crate::verification::{Anchor, tenants, verify};

async fn execute(database: &Database, statements: &str) -> Result<(), String> {
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
async fn filled(place: &Place) -> (Database, Vec<String>) {
    let database = place.open().await;
    let mut ids = Vec::new();
    for number in 1..=5 {
        ids.push(append(&database, &application("t1"), &number.to_string()).await);
    }
    append(&database, &application("t2"), "other").await;
    (database, ids)
}

/// Removes the triggers, as the owner of the database can.
async fn disarm(database: &Database) {
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

fn broken(position: i64, id: Option<&str>, reason: &str) -> Value {
    json!({ "position": position, "audit_id": id, "reason": reason })
}

on_both! {
    async fn database_rejects_changes_of_the_trail(backend) {
        let place = Place::new(backend, schema).await;
        let (database, _) = filled(&place).await;
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
        match database.backend() {
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
            let error = execute(&database, &statement).await.unwrap_err();
            assert!(error.contains("audit "), "{statement}: {error}");
        }
        for (tenant, entries) in [("t1", 5), ("t2", 1)] {
            let found = verification(&database, tenant).await;
            assert_eq!(
                (&found["status"], &found["entries"]),
                (&json!("intact"), &json!(entries)),
                "{found}"
            );
        }
    }

    async fn verification_names_the_first_broken_entry(backend) {
        let place = Place::new(backend, schema).await;
        let (database, ids) = filled(&place).await;
        disarm(&database).await;
        let at = |number: usize| ids.get(number.wrapping_sub(1)).map(String::as_str);
        // The second statement undoes the first, so that each case starts from an intact chain.
        for (tampering, undo, expected) in [
            (
                "UPDATE entries SET reported_actor = 'somebody else' \
                 WHERE tenant_id = 't1' AND position >= 3",
                "UPDATE entries SET reported_actor = 'user-oid' WHERE tenant_id = 't1'",
                broken(3, at(3), "content_changed"),
            ),
            (
                "UPDATE entries SET timestamp = '2020' || substr(timestamp, 5) \
                 WHERE tenant_id = 't1' AND position = 1",
                "UPDATE entries SET timestamp = \
                 (SELECT substr(timestamp, 1, 4) FROM entries WHERE tenant_id = 't2') \
                 || substr(timestamp, 5) WHERE tenant_id = 't1' AND position = 1",
                broken(1, at(1), "content_changed"),
            ),
            (
                "UPDATE entries SET tenant_id = 't3' WHERE tenant_id = 't1' AND position = 2",
                "UPDATE entries SET tenant_id = 't1' WHERE tenant_id = 't3'",
                broken(2, None, "entry_missing"),
            ),
            (
                "UPDATE entries SET tenant_id = 't3' WHERE tenant_id = 't1' AND position = 5",
                "UPDATE entries SET tenant_id = 't1' WHERE tenant_id = 't3'",
                broken(5, None, "end_missing"),
            ),
            (
                "UPDATE entries SET position = position + 10 \
                 WHERE tenant_id = 't1' AND position >= 4",
                "UPDATE entries SET position = position - 10 \
                 WHERE tenant_id = 't1' AND position > 10",
                broken(4, None, "entry_missing"),
            ),
            (
                "UPDATE chains SET position = 3 WHERE tenant_id = 't1'",
                "UPDATE chains SET position = 5 WHERE tenant_id = 't1'",
                broken(4, None, "end_unknown"),
            ),
            (
                "UPDATE chains SET hash = 'x' WHERE tenant_id = 't1'",
                "UPDATE chains SET hash = \
                 (SELECT hash FROM entries WHERE tenant_id = 't1' AND position = 5) \
                 WHERE tenant_id = 't1'",
                broken(5, None, "end_unknown"),
            ),
        ] {
            execute(&database, tampering).await.unwrap();
            let found = verification(&database, "t1").await;
            assert_eq!(
                (&found["status"], &found["first_broken"]),
                (&json!("broken"), &expected),
                "{tampering}"
            );
            assert_eq!(
                verification(&database, "t2").await["status"],
                "intact",
                "another tenant's chain"
            );
            execute(&database, undo).await.unwrap();
            assert_eq!(
                verification(&database, "t1").await["status"],
                "intact",
                "{undo}"
            );
        }
    }

    async fn rewritten_chain_does_not_meet_an_anchor(backend) {
        let place = Place::new(backend, schema).await;
        let (database, _) = filled(&place).await;
        let kept = verify(&database, "t1", None).await.unwrap();
        let anchor = Anchor {
            position: kept.entries,
            hash: kept.hash,
        };
        append(&database, &application("t1"), "6").await;
        assert_eq!(
            verify(&database, "t1", Some(&anchor)).await.unwrap().status,
            "intact"
        );
        disarm(&database).await;
        // The new chain is complete and consistent, but has other entries.
        let delete = "DELETE FROM entries WHERE tenant_id = 't1'; \
                      DELETE FROM chains WHERE tenant_id = 't1'";
        execute(&database, delete).await.unwrap();
        for (entries, reason) in [(4, "end_missing"), (6, "anchor_unmet")] {
            let written = verify(&database, "t1", None).await.unwrap().entries;
            for number in written..entries {
                append(&database, &application("t1"), &format!("forged {number}")).await;
            }
            assert_eq!(
                verify(&database, "t1", None).await.unwrap().status,
                "intact"
            );
            let found = verify(&database, "t1", Some(&anchor))
                .await
                .unwrap()
                .first_broken
                .unwrap();
            assert_eq!((found.position, found.reason), (5, reason));
        }
    }

    async fn trail_without_entries_is_intact(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        let expected =
            json!({ "tenant_id": "t1", "status": "intact", "entries": 0, "hash": "0".repeat(64) });
        assert_eq!(verification(&database, "t1").await, expected);
        assert!(tenants(&database).await.unwrap().is_empty());
        let other = send(
            &database,
            &application("t1"),
            "GET /audit/verify",
            &[],
            None,
        )
        .await;
        assert_eq!(other.status, 200);
    }
}
