//! Tests that verification finds tampering which the database did not reject.

use dev_service::on_both;
use serde_json::{Value, json};

use super::tampering::{disarm, execute, filled};
use super::{append, application, start, verification};
use crate::verification::{Anchor, tenants, verify};

/// A change of the database that breaks the chain of `t1`.
struct Tampering {
    name: &'static str,
    statement: &'static str,
    /// Restores the intact chain, for the next row.
    undo: &'static str,
    broken: Value,
}

/// A chain of this many entries that an attacker recomputed.
struct Rewritten {
    name: &'static str,
    entries: i64,
    reason: &'static str,
}

fn broken(position: i64, id: Option<&str>, reason: &str) -> Value {
    json!({ "position": position, "audit_id": id, "reason": reason })
}

fn tamperings(ids: &[String]) -> [Tampering; 7] {
    let at = |number: usize| ids.get(number.wrapping_sub(1)).map(String::as_str);
    [
        Tampering {
            name: "content of an entry and its successors",
            statement: "UPDATE entries SET reported_actor = 'somebody else' \
             WHERE tenant_id = 't1' AND position >= 3",
            undo: "UPDATE entries SET reported_actor = 'user-oid' WHERE tenant_id = 't1'",
            broken: broken(3, at(3), "content_changed"),
        },
        Tampering {
            name: "content of the first entry",
            statement: "UPDATE entries SET timestamp = '2020' || substr(timestamp, 5) \
             WHERE tenant_id = 't1' AND position = 1",
            undo: "UPDATE entries SET timestamp = \
             (SELECT substr(timestamp, 1, 4) FROM entries WHERE tenant_id = 't2') \
             || substr(timestamp, 5) WHERE tenant_id = 't1' AND position = 1",
            broken: broken(1, at(1), "content_changed"),
        },
        Tampering {
            name: "entry moved to another tenant",
            statement: "UPDATE entries SET tenant_id = 't3' \
             WHERE tenant_id = 't1' AND position = 2",
            undo: "UPDATE entries SET tenant_id = 't1' WHERE tenant_id = 't3'",
            broken: broken(2, None, "entry_missing"),
        },
        Tampering {
            name: "last entry moved to another tenant",
            statement: "UPDATE entries SET tenant_id = 't3' \
             WHERE tenant_id = 't1' AND position = 5",
            undo: "UPDATE entries SET tenant_id = 't1' WHERE tenant_id = 't3'",
            broken: broken(5, None, "end_missing"),
        },
        Tampering {
            name: "entries moved to later positions",
            statement: "UPDATE entries SET position = position + 10 \
             WHERE tenant_id = 't1' AND position >= 4",
            undo: "UPDATE entries SET position = position - 10 \
             WHERE tenant_id = 't1' AND position > 10",
            broken: broken(4, None, "entry_missing"),
        },
        Tampering {
            name: "end moved back",
            statement: "UPDATE chains SET position = 3 WHERE tenant_id = 't1'",
            undo: "UPDATE chains SET position = 5 WHERE tenant_id = 't1'",
            broken: broken(4, None, "end_unknown"),
        },
        Tampering {
            name: "hash of the end",
            statement: "UPDATE chains SET hash = 'x' WHERE tenant_id = 't1'",
            undo: "UPDATE chains SET hash = \
             (SELECT hash FROM entries WHERE tenant_id = 't1' AND position = 5) \
             WHERE tenant_id = 't1'",
            broken: broken(5, None, "end_unknown"),
        },
    ]
}

on_both! {
    async fn verification_names_the_first_broken_entry(backend) {
        let (audit, ids) = filled(backend).await;
        disarm(&audit.database).await;
        for Tampering {
            name,
            statement,
            undo,
            broken: expected,
        } in tamperings(&ids)
        {
            execute(&audit.database, statement).await.unwrap();
            let found = verification(&audit, "t1").await;
            assert_eq!(
                (&found["status"], &found["first_broken"]),
                (&json!("broken"), &expected),
                "{name}"
            );
            assert_eq!(
                verification(&audit, "t2").await["status"],
                "intact",
                "{name}: another tenant's chain"
            );
            execute(&audit.database, undo).await.unwrap();
            assert_eq!(
                verification(&audit, "t1").await["status"],
                "intact",
                "{name}: {undo}"
            );
        }
    }

    async fn rewritten_chain_does_not_meet_an_anchor(backend) {
        let (audit, _) = filled(backend).await;
        let kept = verify(&audit.database, "t1", None).await.unwrap();
        let anchor = Anchor {
            position: kept.entries,
            hash: kept.hash,
        };
        append(&audit, &application("t1"), "6").await;
        assert_eq!(
            verify(&audit.database, "t1", Some(&anchor))
                .await
                .unwrap()
                .status,
            "intact"
        );
        disarm(&audit.database).await;
        // The new chain is complete and consistent, but has other entries.
        let delete = "DELETE FROM entries WHERE tenant_id = 't1'; \
                      DELETE FROM chains WHERE tenant_id = 't1'";
        execute(&audit.database, delete).await.unwrap();
        for Rewritten {
            name,
            entries,
            reason,
        } in [
            Rewritten {
                name: "shorter than the anchor",
                entries: 4,
                reason: "end_missing",
            },
            Rewritten {
                name: "longer than the anchor",
                entries: 6,
                reason: "anchor_unmet",
            },
        ] {
            let written = verify(&audit.database, "t1", None).await.unwrap().entries;
            for number in written..entries {
                append(&audit, &application("t1"), &format!("forged {number}")).await;
            }
            assert_eq!(
                verify(&audit.database, "t1", None).await.unwrap().status,
                "intact"
            );
            let found = verify(&audit.database, "t1", Some(&anchor))
                .await
                .unwrap()
                .first_broken
                .unwrap();
            assert_eq!((found.position, found.reason), (5, reason), "{name}");
        }
    }

    async fn trail_without_entries_is_intact(backend) {
        let audit = start(backend).await;
        let expected =
            json!({ "tenant_id": "t1", "status": "intact", "entries": 0, "hash": "0".repeat(64) });
        assert_eq!(verification(&audit, "t1").await, expected);
        assert!(tenants(&audit.database).await.unwrap().is_empty());
        let other = audit
            .send(&application("t1"), "GET /audit/verify", &[], None)
            .await;
        assert_eq!(other.status, 200);
    }
}
