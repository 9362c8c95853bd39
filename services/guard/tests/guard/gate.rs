use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use axum::Router;
use axum::routing::get;
use portcullis_assertion::{AssertedRequest, Assertion, Signer};
use portcullis_token::{Caller, CallerKind, unix_now};
use tokio::net::TcpListener;

use crate::{CONTOSO, UPSTREAM};

/// The gate, as a backend sees it: a URL with public keys, and assertions that the newest of them signed.
pub(crate) struct Gate {
    pub(crate) keys_url: String,
    signer: Arc<RwLock<Signer>>,
}

impl Gate {
    pub(crate) async fn start() -> Self {
        let signer = Arc::new(RwLock::new(Signer::generate().unwrap()));
        let published = Arc::clone(&signer);
        let keys = get(move || async move { published.read().unwrap().key_set() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let keys_url = format!("http://{}/keys", listener.local_addr().unwrap());
        let router = Router::new().route("/keys", keys);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { keys_url, signer }
    }

    /// As a gate that was restarted without a key file: another key, and only that one is published.
    pub(crate) fn restart(&self) {
        *self.signer.write().unwrap() = Signer::generate().unwrap();
    }

    pub(crate) fn sign(&self, assertion: &Assertion) -> String {
        self.signer.read().unwrap().sign(assertion).unwrap()
    }
}

/// What the gate says of `GET /me?page=2` by the asserted caller.
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

/// The binding to a request, of which there is only one.
pub(crate) fn bound(method: &str, path: &str) -> AssertedRequest {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let id = NUMBER.fetch_add(1, Ordering::Relaxed).to_string();
    AssertedRequest { id, method: method.to_owned(), path: path.to_owned() }
}
