use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, RwLock};

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use portcullis_assertion::{AssertedRequest, Assertion};
use portcullis_token::{Caller, CallerKind, unix_now};
use tokio::net::TcpListener;

use crate::signing_key::PublicKeyPair;

/// The authz server as a backend sees it: a URL of public keys.
pub(crate) struct AuthzServer {
    pub(crate) keys_url: String,
    published: Arc<RwLock<Option<String>>>,
    fetches: Arc<AtomicU32>,
}

impl AuthzServer {
    /// Starts without published keys.
    pub(crate) async fn start() -> Self {
        let published = Arc::new(RwLock::new(None::<String>));
        let fetches = Arc::new(AtomicU32::new(0));
        let document = Arc::clone(&published);
        let counter = Arc::clone(&fetches);
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

    /// Publishes these keys and no others, as after a restart or a change of the key file.
    pub(crate) fn publish(&self, keys: &[&PublicKeyPair]) {
        *self.published.write().unwrap() = Some(PublicKeyPair::key_set(keys));
    }

    /// Answers 503 from now on.
    pub(crate) fn fail(&self) {
        *self.published.write().unwrap() = None;
    }

    /// Returns how often keys were fetched.
    pub(crate) fn fetches(&self) -> u32 {
        self.fetches.load(Ordering::Relaxed)
    }
}

/// Returns the assertion of a user's `GET /orders?page=2`.
pub(crate) fn assertion() -> Assertion {
    let strings = |list: &[&str]| list.iter().map(|item| (*item).to_owned()).collect();
    Assertion {
        audience: "orders".to_owned(),
        caller: Caller {
            tenant: "11111111-1111-4111-8111-111111111111".to_owned(),
            object_id: "aaaaaaaa-0001-4000-8000-000000000001".to_owned(),
            kind: CallerKind::User,
            actor: Some("3a5c0009-0000-4000-8000-000000000009".to_owned()),
            name: Some("Renée, \"R\" \u{202e}".to_owned()),
            email: None,
            roles: strings(&["Buyer", "Käufer, groß"]),
            scopes: strings(&["access_as_user"]),
        },
        request: Some(bound("GET", "/orders?page=2")),
        issued_at: unix_now(),
    }
}

/// Returns the binding of an assertion to a request.
pub(crate) fn bound(method: &str, path: &str) -> AssertedRequest {
    AssertedRequest {
        id: "r".to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
    }
}
