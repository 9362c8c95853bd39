//! The two services that hear of changes, as their contract says: a key that came before is
//! answered again, and counts once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What came, by endpoint and key.
type Heard = HashMap<(String, String), Value>;

pub(crate) struct Receivers {
    pub(crate) url: String,
    state: Received,
}

#[derive(Clone, Default)]
struct Received {
    heard: Arc<Mutex<Heard>>,
    requests: Arc<AtomicUsize>,
}

impl Receivers {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (url, state) = (
            format!("http://{}", listener.local_addr().unwrap()),
            Received::default(),
        );
        let router = Router::new()
            .route("/{endpoint}", post(receive))
            .with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    /// What `endpoint` heard, each once.
    pub(crate) fn heard(&self, endpoint: &str) -> Vec<Value> {
        let heard = self.state.heard.lock().unwrap();
        heard
            .iter()
            .filter(|((heard, _), _)| heard == endpoint)
            .map(|(_, body)| body.clone())
            .collect()
    }

    /// How many requests came, repetitions included.
    pub(crate) fn requests(&self) -> usize {
        self.state.requests.load(Ordering::Relaxed)
    }
}

async fn receive(
    State(state): State<Received>,
    Path(endpoint): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let number = state.requests.fetch_add(1, Ordering::Relaxed);
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    // Refused before it is heard, or heard and the answer lost: both happen.
    if number % 11 == 3 {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(Value::Null));
    }
    let earlier = state
        .heard
        .lock()
        .unwrap()
        .insert((endpoint, key), body.clone());
    assert!(
        earlier.is_none_or(|earlier| earlier == body),
        "a key came again with another body"
    );
    if number % 11 == 7 {
        (StatusCode::BAD_GATEWAY, Json(Value::Null))
    } else {
        (StatusCode::OK, Json(json!({ "status": "done" })))
    }
}
