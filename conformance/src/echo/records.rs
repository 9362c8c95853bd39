//! What the echo saw, for whoever judges it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

/// One request as it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The request line, escaped.
    pub request_line: String,
    /// The canary in the header that names the case; empty without one.
    pub case: String,
    /// The pattern of the handler that matched, if one did.
    pub handler: Option<String>,
    /// Every line that has a canary.
    pub seen: Vec<Seen>,
    /// What two servers would read differently.
    pub ambiguities: Vec<String>,
}

/// A line with a canary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Where it stood.
    pub part: String,
    /// What stood before its first colon, as Latin-1, so that each byte is one character.
    pub name: String,
    /// All of it, escaped and cut to what a report needs.
    pub line: String,
    /// Its canaries.
    pub canaries: Vec<String>,
}

/// More than one group of cases makes; a gateway in a loop must not fill the memory.
const KEPT: usize = 200_000;

/// Everything since it was last cleared.
#[derive(Debug, Default)]
pub struct Records(Mutex<Vec<Record>>);

impl Records {
    pub(super) fn add(&self, record: Record) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() < KEPT {
            records.push(record);
        }
    }

    fn all(&self) -> Vec<Record> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn clear(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// `GET /records` and `DELETE /records`.
pub(super) fn router(records: Arc<Records>) -> Router {
    let all = |State(records): State<Arc<Records>>| async move { Json(records.all()) };
    let clear = |State(records): State<Arc<Records>>| async move {
        records.clear();
        StatusCode::NO_CONTENT
    };
    Router::new()
        .route("/records", get(all).delete(clear))
        .with_state(records)
}
