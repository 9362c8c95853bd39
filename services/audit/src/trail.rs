use jiff::Timestamp;
use portcullis_database::{Database, Transaction, query_failed};
use portcullis_runtime::{BoundedText, IdempotencyKey, Problem};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use crate::caller::AuditCaller;
use crate::entry::{Content, Entry, START};
use crate::filter::Filter;
use crate::report::Report;

/// The append-only trail.
///
/// The database itself rejects changes, and entries that do not continue their tenant's chain.
#[derive(Clone, Debug)]
pub(crate) struct AuditTrail {
    pub(crate) database: Database,
}

/// The end of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChainEnd {
    pub(crate) position: i64,
    pub(crate) hash: String,
}

impl FromRow<'_, AnyRow> for ChainEnd {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            position: row.try_get("position")?,
            hash: row.try_get("hash")?,
        })
    }
}

impl AuditTrail {
    /// Appends an entry and returns its id. For a used key it returns the id of the earlier entry.
    pub(crate) async fn append(
        &self,
        caller: &AuditCaller,
        report: &Report,
        key: Option<&IdempotencyKey>,
    ) -> Result<String, Problem> {
        let mut write = self.database.write().await.map_err(query_failed)?;
        let end = self
            .lock_end(&mut write, &caller.tenant)
            .await
            .map_err(query_failed)?;
        if let Some(key) = key
            && let Some(before) = with_key(&mut write, caller, key)
                .await
                .map_err(query_failed)?
        {
            return if before.content.matches(report) {
                Ok(before.content.id)
            } else {
                Err(IdempotencyKey::reused())
            };
        }
        let content = Content::new(caller, report, key, &end);
        insert(&mut write, &content).await.map_err(query_failed)?;
        write.commit().await.map_err(query_failed)?;
        Ok(content.id)
    }

    /// The entries of the caller's tenant before `position`, the newest first.
    pub(crate) async fn before(
        &self,
        caller: &AuditCaller,
        position: i64,
        filter: &Filter,
        limit: i64,
    ) -> sqlx::Result<Vec<Entry>> {
        let text = |time: Option<Timestamp>| time.map(|time| format!("{time:.3}"));
        sqlx::query_as(
            "SELECT * FROM entries WHERE tenant_id = $1 AND position < $2
             AND (CAST($3 AS TEXT) IS NULL OR action = $3)
             AND (CAST($4 AS TEXT) IS NULL OR resource_id = $4)
             AND (CAST($5 AS TEXT) IS NULL OR reported_actor = $5)
             AND (CAST($6 AS TEXT) IS NULL OR reported_tenant = $6)
             AND (CAST($7 AS TEXT) IS NULL OR timestamp >= $7)
             AND (CAST($8 AS TEXT) IS NULL OR timestamp < $8)
             ORDER BY position DESC LIMIT CAST($9 AS BIGINT)",
        )
        .bind(&caller.tenant)
        .bind(position)
        .bind(filter.action.as_ref().map(BoundedText::as_str))
        .bind(filter.resource_id.as_ref().map(BoundedText::as_str))
        .bind(filter.reported_actor.as_ref().map(BoundedText::as_str))
        .bind(filter.reported_tenant.as_ref().map(BoundedText::as_str))
        .bind(text(filter.since))
        .bind(text(filter.until))
        .bind(limit)
        .fetch_all(&mut *self.database.read().await?)
        .await
    }

    /// Locks and returns the end of the tenant's chain.
    ///
    /// The lock lasts until the transaction ends. Without it two writers could continue from the
    /// same entry and fork the chain.
    async fn lock_end(&self, write: &mut Transaction, tenant: &str) -> sqlx::Result<ChainEnd> {
        let locking = self.database.backend().for_update();
        let select = || {
            AssertSqlSafe(format!(
                "SELECT position, hash FROM chains WHERE tenant_id = $1 {locking}"
            ))
        };
        if let Some(end) = sqlx::query_as(select())
            .bind(tenant)
            .fetch_optional(&mut **write)
            .await?
        {
            return Ok(end);
        }
        sqlx::query(
            "INSERT INTO chains (tenant_id, position, hash) VALUES ($1, 0, $2)
             ON CONFLICT (tenant_id) DO NOTHING",
        )
        .bind(tenant)
        .bind(START)
        .execute(&mut **write)
        .await?;
        sqlx::query_as(select())
            .bind(tenant)
            .fetch_one(&mut **write)
            .await
    }
}

async fn with_key(
    write: &mut Transaction,
    caller: &AuditCaller,
    key: &IdempotencyKey,
) -> sqlx::Result<Option<Entry>> {
    let select = "SELECT * FROM entries
        WHERE tenant_id = $1 AND caller_app_id = $2 AND idempotency_key = $3";
    sqlx::query_as(select)
        .bind(&caller.tenant)
        .bind(&caller.app_id)
        .bind(key.as_str())
        .fetch_optional(&mut **write)
        .await
}

async fn insert(write: &mut Transaction, content: &Content) -> sqlx::Result<()> {
    let hash = content.hash();
    sqlx::query(
        "INSERT INTO entries (tenant_id, position, id, action, resource_id, actor, caller_app_id,
         reported_actor, reported_tenant, timestamp, idempotency_key, previous_hash, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(&content.tenant_id)
    .bind(content.position)
    .bind(&content.id)
    .bind(&content.action)
    .bind(&content.resource_id)
    .bind(&content.actor)
    .bind(&content.caller_app_id)
    .bind(&content.reported_actor)
    .bind(&content.reported_tenant)
    .bind(&content.timestamp)
    .bind(content.idempotency_key.as_deref())
    .bind(&content.previous_hash)
    .bind(&hash)
    .execute(&mut **write)
    .await?;
    sqlx::query("UPDATE chains SET position = $2, hash = $3 WHERE tenant_id = $1")
        .bind(&content.tenant_id)
        .bind(content.position)
        .bind(&hash)
        .execute(&mut **write)
        .await
        .map(drop)
}

impl Content {
    fn new(
        caller: &AuditCaller,
        report: &Report,
        key: Option<&IdempotencyKey>,
        end: &ChainEnd,
    ) -> Self {
        Self {
            action: report.action.as_str().to_owned(),
            actor: caller.object_id.clone(),
            caller_app_id: caller.app_id.clone(),
            id: Uuid::now_v7().to_string(),
            idempotency_key: key.map(|key| key.as_str().to_owned()),
            position: end.position.saturating_add(1),
            previous_hash: end.hash.clone(),
            reported_actor: report.actor.as_str().to_owned(),
            reported_tenant: report.tenant_id.as_str().to_owned(),
            resource_id: report.resource_id.as_str().to_owned(),
            tenant_id: caller.tenant.clone(),
            timestamp: format!("{:.3}", Timestamp::now()),
        }
    }

    fn matches(&self, report: &Report) -> bool {
        self.action == report.action.as_str()
            && self.resource_id == report.resource_id.as_str()
            && self.reported_actor == report.actor.as_str()
            && self.reported_tenant == report.tenant_id.as_str()
    }
}
