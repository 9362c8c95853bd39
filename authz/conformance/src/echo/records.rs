//! The records of the echo, which a run reads.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

/// A request that arrived at the echo.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The request line, escaped.
    pub request_line: String,
    /// The canary in the case header; empty without one.
    pub case: String,
    /// The pattern of the handler that matched, if any.
    pub handler: Option<String>,
    /// Every line that has a canary.
    pub seen: Vec<Seen>,
    /// Parts that two servers would read differently.
    pub ambiguities: Vec<String>,
}

/// A line with a canary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The part of the message with the line, such as `head` or `trailer`.
    pub part: String,
    /// The bytes before the first colon, as Latin-1, so that each byte is one character.
    pub name: String,
    /// The line, escaped and shortened.
    pub line: String,
    /// The canaries of the line.
    pub canaries: Vec<String>,
}

/// Maximum number of records. One group of cases makes fewer, and a gateway in a loop must not fill
/// the memory.
const KEPT: usize = 200_000;

/// All records since they were last cleared.
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

/// The routes `GET /records` and `DELETE /records`.
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
