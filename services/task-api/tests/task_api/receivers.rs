//! An imitation of the two receiving services. A repeated key is answered again and counted once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The received bodies, by endpoint and key.
type Bodies = HashMap<(String, String), Value>;

pub(crate) struct Receivers {
    pub(crate) url: String,
    state: Received,
}

#[derive(Clone, Default)]
struct Received {
    bodies: Arc<Mutex<Bodies>>,
    requests: Arc<AtomicUsize>,
}

impl Receivers {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Received::default();
        let router = Router::new()
            .route("/{endpoint}", post(receive))
            .with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    /// The bodies that `endpoint` received, each once.
    pub(crate) fn bodies(&self, endpoint: &str) -> Vec<Value> {
        let bodies = self.state.bodies.lock().unwrap();
        bodies
            .iter()
            .filter(|((received_by, _), _)| received_by == endpoint)
            .map(|(_, body)| body.clone())
            .collect()
    }

    /// The number of requests, repetitions included.
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
    // Some requests fail before they are processed, and some replies are lost.
    if number % 11 == 3 {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(Value::Null));
    }
    let earlier = state
        .bodies
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
