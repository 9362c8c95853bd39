use jiff::Timestamp;
use serde::Serialize;
use sqlx::SqlitePool;
use uuid::Uuid;

use crate::entries::Report;
use crate::writer::Writer;

const LIST_LIMIT: i64 = 50;

/// An entry as stored and shown.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub(crate) struct Entry {
    id: String,
    action: String,
    resource_id: String,
    /// Who acted, as the caller reported.
    actor: String,
    /// In which tenant, as the caller reported.
    tenant_id: String,
    /// The application that wrote this entry, as its token proved.
    caller_app_id: String,
    /// That application's tenant, as its token proved.
    caller_tenant_id: String,
    timestamp: String,
}

/// The append-only trail in SQLite; the database itself refuses changes.
#[derive(Clone, Debug)]
pub(crate) struct AuditTrail {
    database: SqlitePool,
}

impl AuditTrail {
    pub(crate) fn new(database: SqlitePool) -> Self {
        Self { database }
    }

    /// Appends an entry and returns its id.
    pub(crate) async fn append(&self, writer: &Writer, report: &Report) -> sqlx::Result<String> {
        let id = Uuid::new_v4().to_string();
        sqlx::query(
            "INSERT INTO entries (id, action, resource_id, actor, tenant_id, caller_app_id, caller_tenant_id, timestamp)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .bind(&id)
        .bind(report.action.as_str())
        .bind(report.resource_id.as_str())
        .bind(report.actor.as_str())
        .bind(report.tenant_id.as_str())
        .bind(&writer.app_id)
        .bind(&writer.tenant)
        .bind(format!("{:.3}", Timestamp::now()))
        .execute(&self.database)
        .await?;
        Ok(id)
    }

    pub(crate) async fn newest_of(&self, writer: &Writer) -> sqlx::Result<Vec<Entry>> {
        sqlx::query_as(
            "SELECT id, action, resource_id, actor, tenant_id, caller_app_id, caller_tenant_id, timestamp FROM entries
             WHERE caller_tenant_id = ?1 ORDER BY sequence DESC LIMIT ?2",
        )
        .bind(&writer.tenant)
        .bind(LIST_LIMIT)
        .fetch_all(&self.database)
        .await
    }
}
