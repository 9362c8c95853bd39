//! An entry of the trail, and the bytes that its hash covers.

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};

/// The `previous_hash` of a chain's first entry.
pub(crate) const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The content of an entry. `actor`, `tenant_id` and `caller_app_id` come from the caller's
/// verified token. The caller reported the `reported_*` members.
///
/// The members are in the order of RFC 8785 (JSON Canonicalization Scheme), so that serialization
/// gives the canonical bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Content {
    /// What happened.
    pub(crate) action: String,
    /// The caller's object id, from its verified token.
    pub(crate) actor: String,
    /// The caller's application, from its verified token.
    pub(crate) caller_app_id: String,
    /// The id of the entry.
    pub(crate) id: String,
    /// The `Idempotency-Key` of the request.
    #[schema(required)]
    pub(crate) idempotency_key: Option<String>,
    /// The position of the entry in its tenant's chain, from 1.
    pub(crate) position: i64,
    /// The `hash` of the previous entry; 64 zeros for the first entry.
    pub(crate) previous_hash: String,
    /// The actor, as the caller reported it.
    pub(crate) reported_actor: String,
    /// The actor's tenant, as the caller reported it.
    pub(crate) reported_tenant: String,
    /// The resource that it happened to.
    pub(crate) resource_id: String,
    /// The caller's tenant, from its verified token.
    pub(crate) tenant_id: String,
    /// When the entry was written.
    #[schema(schema_with = portcullis_runtime::timestamp_schema)]
    pub(crate) timestamp: String,
}

impl FromRow<'_, AnyRow> for Content {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            action: row.try_get("action")?,
            actor: row.try_get("actor")?,
            caller_app_id: row.try_get("caller_app_id")?,
            id: row.try_get("id")?,
            idempotency_key: row.try_get("idempotency_key")?,
            position: row.try_get("position")?,
            previous_hash: row.try_get("previous_hash")?,
            reported_actor: row.try_get("reported_actor")?,
            reported_tenant: row.try_get("reported_tenant")?,
            resource_id: row.try_get("resource_id")?,
            tenant_id: row.try_get("tenant_id")?,
            timestamp: row.try_get("timestamp")?,
        })
    }
}

/// An entry, as stored and shown.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Entry {
    #[serde(flatten)]
    pub(crate) content: Content,
    /// SHA-256 of the canonical bytes of all other members, in hexadecimal.
    pub(crate) hash: String,
}

impl FromRow<'_, AnyRow> for Entry {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            content: Content::from_row(row)?,
            hash: row.try_get("hash")?,
        })
    }
}

impl Content {
    /// The bytes that the hash covers: canonical JSON (RFC 8785).
    ///
    /// Members are sorted, without white space between them. Strings are escaped only where JSON
    /// requires it.
    fn canonical_bytes(&self) -> Vec<u8> {
        // Strings and a number always serialize.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// SHA-256 of the canonical bytes.
    pub(crate) fn hash(&self) -> String {
        digest(&SHA256, &self.canonical_bytes())
            .as_ref()
            .iter()
            .fold(String::with_capacity(64), |text, byte| {
                text + &format!("{byte:02x}")
            })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::{Content, START};

    fn content() -> Content {
        Content {
            action: "task_created".to_owned(),
            actor: "o".to_owned(),
            caller_app_id: "a".to_owned(),
            id: "i".to_owned(),
            idempotency_key: None,
            position: 1,
            previous_hash: START.to_owned(),
            reported_actor: "Zoë \"\\/\u{7f}\u{1f}\n\u{2028}😀".to_owned(),
            reported_tenant: "t".to_owned(),
            resource_id: "7".to_owned(),
            tenant_id: "t".to_owned(),
            timestamp: "2026-01-02T03:04:05.678Z".to_owned(),
        }
    }

    /// The canonical bytes are a stable format: every written entry must verify for ever.
    #[test]
    fn canonical_bytes_of_an_entry_never_change() {
        let text = String::from_utf8(content().canonical_bytes()).unwrap();
        let expected = format!(
            "{{\"action\":\"task_created\",\"actor\":\"o\",\"caller_app_id\":\"a\",\"id\":\"i\",\
             \"idempotency_key\":null,\"position\":1,\"previous_hash\":\"{START}\",\
             \"reported_actor\":\"Zoë \\\"\\\\/\u{7f}\\u001f\\n\u{2028}😀\",\
             \"reported_tenant\":\"t\",\"resource_id\":\"7\",\"tenant_id\":\"t\",\
             \"timestamp\":\"2026-01-02T03:04:05.678Z\"}}"
        );
        assert_eq!(text, expected);
        let sorted: Map<String, Value> = serde_json::from_str(&text).unwrap();
        let mut names: Vec<&String> = sorted.keys().collect();
        names.sort();
        assert!(
            names
                .windows(2)
                .all(|pair| text.find(pair[0].as_str()) < text.find(pair[1].as_str())),
            "{text}"
        );
    }

    #[test]
    fn hash_changes_with_every_member() {
        let original = serde_json::to_value(content()).unwrap();
        let reference = content().hash();
        assert_eq!((reference.len(), content().hash()), (64, reference.clone()));
        let members = original.as_object().unwrap();
        assert_eq!(members.len(), 12);
        for changed in [
            Content {
                action: "b".to_owned(),
                ..content()
            },
            Content {
                actor: "b".to_owned(),
                ..content()
            },
            Content {
                caller_app_id: "b".to_owned(),
                ..content()
            },
            Content {
                id: "b".to_owned(),
                ..content()
            },
            Content {
                idempotency_key: Some("b".to_owned()),
                ..content()
            },
            Content {
                position: 2,
                ..content()
            },
            Content {
                previous_hash: "b".to_owned(),
                ..content()
            },
            Content {
                reported_actor: "b".to_owned(),
                ..content()
            },
            Content {
                reported_tenant: "b".to_owned(),
                ..content()
            },
            Content {
                resource_id: "b".to_owned(),
                ..content()
            },
            Content {
                tenant_id: "b".to_owned(),
                ..content()
            },
            Content {
                timestamp: "b".to_owned(),
                ..content()
            },
        ] {
            assert_ne!(changed.hash(), reference, "{changed:?}");
        }
    }
}
