use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use portcullis_assertion::{AssertedRequest, Assertion, Signer};
use portcullis_token::{Caller, CallerKind, unix_now};
use tokio::net::TcpListener;

use crate::{CONTOSO, UPSTREAM};

/// An authz server as a backend sees it: a URL with public keys, and assertions by the newest key.
pub(crate) struct AuthzServer {
    pub(crate) keys_url: String,
    published: Arc<Published>,
}

struct Published {
    signer: RwLock<Signer>,
    /// Answers 503 while this is true.
    down: RwLock<bool>,
    documents: AtomicUsize,
    not_modified: AtomicUsize,
}

impl AuthzServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(Signer::generate().unwrap()).await
    }

    pub(crate) async fn start_with(signer: Signer) -> Self {
        let published = Published {
            signer: RwLock::new(signer),
            down: RwLock::new(false),
            documents: AtomicUsize::new(0),
            not_modified: AtomicUsize::new(0),
        };
        let published = Arc::new(published);
        let served = Arc::clone(&published);
        let keys = get(move |headers: HeaderMap| async move { served.answer(&headers) });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let keys_url = format!("http://{}/keys", listener.local_addr().unwrap());
        let router = Router::new().route("/keys", keys);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            keys_url,
            published,
        }
    }

    /// Publishes a new key only, as an authz server that was restarted without a key file.
    pub(crate) fn restart(&self) {
        self.publish(Signer::generate().unwrap());
    }

    /// Publishes other keys, as after a change of the key file.
    pub(crate) fn publish(&self, signer: Signer) {
        *self.published.signer.write().unwrap() = signer;
    }

    pub(crate) fn fail(&self, down: bool) {
        *self.published.down.write().unwrap() = down;
    }

    /// The number of documents and the number of 304 that were sent.
    pub(crate) fn answers(&self) -> (usize, usize) {
        let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
        (
            count(&self.published.documents),
            count(&self.published.not_modified),
        )
    }

    pub(crate) fn sign(&self, assertion: &Assertion) -> String {
        self.published
            .signer
            .read()
            .unwrap()
            .sign(assertion)
            .unwrap()
    }
}

impl Published {
    fn answer(&self, headers: &HeaderMap) -> Response {
        if *self.down.read().unwrap() {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let keys = self.signer.read().unwrap().published().clone();
        if headers
            .get(header::IF_NONE_MATCH)
            .is_some_and(|tag| *tag == *keys.entity_tag)
        {
            self.not_modified.fetch_add(1, Ordering::SeqCst);
            return StatusCode::NOT_MODIFIED.into_response();
        }
        self.documents.fetch_add(1, Ordering::SeqCst);
        (
            [(header::ETAG, &*keys.entity_tag)],
            keys.document.to_string(),
        )
            .into_response()
    }
}

/// An assertion for `GET /me?page=2`.
pub(crate) fn assertion() -> Assertion {
    Assertion {
        audience: UPSTREAM.to_owned(),
        caller: Caller {
            tenant: CONTOSO.to_owned(),
            object_id: "asserted".to_owned(),
            kind: CallerKind::User,
            actor: None,
            name: Some("Renée".to_owned()),
            email: None,
            roles: vec!["Reader".to_owned()],
            scopes: Vec::new(),
        },
        request: Some(bound("GET", "/me?page=2")),
        issued_at: unix_now(),
    }
}

/// A binding to a new request with an id of its own.
pub(crate) fn bound(method: &str, path: &str) -> AssertedRequest {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let id = NUMBER.fetch_add(1, Ordering::Relaxed).to_string();
    AssertedRequest {
        id,
        method: method.to_owned(),
        path: path.to_owned(),
    }
}
