//! Verifies hash chains.

use portcullis_database::Database;
use serde::Serialize;

use crate::entry::{Entry, START};
use crate::trail::ChainEnd;

/// Result of the verification of one tenant's chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Verification {
    /// The chain's tenant.
    pub(crate) tenant_id: String,
    /// `intact` or `broken`.
    pub(crate) status: &'static str,
    /// The number of intact entries before the first broken place.
    pub(crate) entries: i64,
    /// The hash of the last intact entry. Keep it outside the database, with `entries`: an attacker
    /// who can write to the database can recompute a whole chain, and only this anchor shows it.
    pub(crate) hash: String,
    /// The first broken place of the chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_broken: Option<Break>,
}

/// The first broken place of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Break {
    /// The position in the chain, from 1.
    pub(crate) position: i64,
    /// The id of the entry at this position, if there is one.
    #[schema(required)]
    pub(crate) audit_id: Option<String>,
    /// `entry_missing`, `content_changed`, `link_broken`, `end_missing`, `end_unknown` or
    /// `anchor_unmet`.
    pub(crate) reason: &'static str,
}

/// The end of a chain that an earlier verification reported, kept outside the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Anchor {
    /// `entries` of the earlier verification.
    pub(crate) position: i64,
    /// `hash` of the earlier verification.
    pub(crate) hash: String,
}

/// Every tenant with a chain, or with entries outside a chain.
pub(crate) async fn tenants(database: &Database) -> sqlx::Result<Vec<String>> {
    let select =
        "SELECT tenant_id FROM chains UNION SELECT tenant_id FROM entries ORDER BY tenant_id";
    sqlx::query_scalar(select)
        .fetch_all(&mut *database.read().await?)
        .await
}

/// Verifies the tenant's chain from its start.
///
/// Entries that are appended meanwhile may be included or not.
pub(crate) async fn verify(
    database: &Database,
    tenant: &str,
    anchor: Option<&Anchor>,
) -> sqlx::Result<Verification> {
    let end_before = end(database, tenant).await?;
    let mut walk = Walk {
        intact: ChainEnd {
            position: 0,
            hash: START.to_owned(),
        },
        anchor,
    };
    let mut broken = None;
    // The scan starts below position 1, so that it finds an entry that was inserted there.
    let mut after = i64::MIN;
    while broken.is_none() {
        let entries = page(database, tenant, after).await?;
        let Some(last) = entries.last() else { break };
        after = last.content.position;
        broken = entries.into_iter().find_map(|entry| walk.step(entry));
    }
    if broken.is_none() {
        // This end is read after the entries, so it is at the last of them or beyond.
        broken = walk.arrive(&end_before, &end(database, tenant).await?);
    }
    Ok(Verification {
        tenant_id: tenant.to_owned(),
        status: if broken.is_some() { "broken" } else { "intact" },
        entries: walk.intact.position,
        hash: walk.intact.hash,
        first_broken: broken,
    })
}

/// Reads a page of entries after the position `after`.
///
/// One statement for a long trail would keep a connection for minutes, and exceed the database's
/// statement timeout.
async fn page(database: &Database, tenant: &str, after: i64) -> sqlx::Result<Vec<Entry>> {
    let select =
        "SELECT * FROM entries WHERE tenant_id = $1 AND position > $2 ORDER BY position LIMIT 1000";
    sqlx::query_as(select)
        .bind(tenant)
        .bind(after)
        .fetch_all(&mut *database.read().await?)
        .await
}

async fn end(database: &Database, tenant: &str) -> sqlx::Result<ChainEnd> {
    let select = "SELECT position, hash FROM chains WHERE tenant_id = $1";
    let found = sqlx::query_as(select)
        .bind(tenant)
        .fetch_optional(&mut *database.read().await?)
        .await?;
    Ok(found.unwrap_or(ChainEnd {
        position: 0,
        hash: START.to_owned(),
    }))
}

/// State of a verification: the chain is intact up to `intact`.
struct Walk<'a> {
    intact: ChainEnd,
    anchor: Option<&'a Anchor>,
}

impl Walk<'_> {
    fn step(&mut self, entry: Entry) -> Option<Break> {
        let position = self.intact.position.saturating_add(1);
        let reason = if entry.content.position != position {
            return Some(Break {
                position,
                audit_id: None,
                reason: "entry_missing",
            });
        } else if entry.content.hash() != entry.hash {
            "content_changed"
        } else if entry.content.previous_hash != self.intact.hash {
            "link_broken"
        } else if self
            .anchor
            .is_some_and(|anchor| anchor.position == position && anchor.hash != entry.hash)
        {
            "anchor_unmet"
        } else {
            self.intact = ChainEnd {
                position,
                hash: entry.hash,
            };
            return None;
        };
        Some(Break {
            position,
            audit_id: Some(entry.content.id),
            reason,
        })
    }

    fn arrive(&self, before: &ChainEnd, after: &ChainEnd) -> Option<Break> {
        let here = &self.intact;
        let anchor_is_beyond = self
            .anchor
            .is_some_and(|anchor| anchor.position > here.position);
        let (position, reason) = if before.position > here.position || anchor_is_beyond {
            (here.position.saturating_add(1), "end_missing")
        } else if after.position < here.position {
            (after.position.saturating_add(1), "end_unknown")
        } else if after.position == here.position && after.hash != here.hash {
            (here.position, "end_unknown")
        } else {
            return None;
        };
        Some(Break {
            position,
            audit_id: None,
            reason,
        })
    }
}
