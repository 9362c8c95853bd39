use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, RwLock};

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use portcullis_assertion::{AssertedRequest, Assertion};
use portcullis_token::{Caller, CallerKind, unix_now};
use tokio::net::TcpListener;

use crate::signing_key::SigningKey;

/// The gate, as a backend sees it: a URL with public keys, and assertions.
pub(crate) struct Gate {
    pub(crate) keys_url: String,
    published: Arc<RwLock<Option<String>>>,
    fetches: Arc<AtomicU32>,
}

impl Gate {
    /// Publishes nothing yet.
    pub(crate) async fn start() -> Self {
        let published = Arc::new(RwLock::new(None::<String>));
        let fetches = Arc::new(AtomicU32::new(0));
        let (document, counter) = (Arc::clone(&published), Arc::clone(&fetches));
        let keys = get(move || async move {
            counter.fetch_add(1, Ordering::Relaxed);
            let document = document.read().unwrap().clone();
            document.ok_or(StatusCode::SERVICE_UNAVAILABLE)
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let keys_url = format!(
            "http://{}/.well-known/jwks.json",
            listener.local_addr().unwrap()
        );
        let router = Router::new().route("/.well-known/jwks.json", keys);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            keys_url,
            published,
            fetches,
        }
    }

    /// Publishes these keys and no others, as a gate that was restarted or whose key file changed.
    pub(crate) fn publish(&self, keys: &[&SigningKey]) {
        *self.published.write().unwrap() = Some(SigningKey::key_set(keys));
    }

    /// Answers with an error from now on.
    pub(crate) fn fail(&self) {
        *self.published.write().unwrap() = None;
    }

    /// How often keys were asked for.
    pub(crate) fn fetches(&self) -> u32 {
        self.fetches.load(Ordering::Relaxed)
    }
}

/// What the gate says of a user's `GET /orders?page=2`.
pub(crate) fn assertion() -> Assertion {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Assertion {
        audience: "orders".to_owned(),
        caller: Caller {
            tenant: "11111111-1111-4111-8111-111111111111".to_owned(),
            object_id: "aaaaaaaa-0001-4000-8000-000000000001".to_owned(),
            kind: CallerKind::User,
            actor: Some("3a5c0009-0000-4000-8000-000000000009".to_owned()),
            name: Some("Renée, \"R\" \u{202e}".to_owned()),
            email: None,
            roles: texts(&["Buyer", "Käufer, groß"]),
            scopes: texts(&["access_as_user"]),
        },
        request: Some(bound("GET", "/orders?page=2")),
        issued_at: unix_now(),
    }
}

/// The binding to a request.
pub(crate) fn bound(method: &str, path: &str) -> AssertedRequest {
    AssertedRequest {
        id: "r".to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
    }
}
