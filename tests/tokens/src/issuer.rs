//! An Entra for tests: real TLS, discovery and key sets, and keys that sign whatever they are
//! given.

mod documents;
mod signing;
pub mod tls;

use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum_server::tls_rustls::{RustlsConfig, from_tcp_rustls};
use portcullis_token::{EntraSettings, EntraVersion, KeyPolicy, Tenants, TimeRules, Verifier};
use reqwest::{Certificate, Client};

pub use signing::{Keys, encode, join, jwk, modulus, sign, sign_as};

/// Served, and the tenant of every token that is not about tenants.
pub const TENANT: &str = "11111111-1111-4111-8111-111111111111";
/// Served too.
pub const SECOND_TENANT: &str = "22222222-2222-4222-8222-222222222222";
/// Not documents.
pub const FOREIGN_TENANT: &str = "33333333-3333-4333-8333-333333333333";
/// The API that tokens are for.
pub const API: &str = "3a5c0001-0000-4000-8000-000000000001";
/// The client that obtained them.
pub const CLIENT: &str = "3a5c0004-0000-4000-8000-000000000004";
/// The `kid` of the good key, of the length and alphabet of Entra's.
pub const KEY_ID: &str = "nOo3ZDrODXEK1jKWhXslHR_KXEg";
/// When tokens are issued and judged.
pub const NOW: u64 = 1_800_000_000;
/// What Entra calls the public cloud, in metadata and in keys.
pub const CLOUD: &str = "microsoftonline.com";

const PATIENCE: Duration = Duration::from_secs(20);

/// The issuer that a tenant's tokens of a version name.
pub fn issuer_of(version: EntraVersion, tenant: &str) -> String {
    match version {
        EntraVersion::V1 => format!("https://sts.windows.net/{tenant}/"),
        EntraVersion::V2 => format!("https://login.microsoftonline.com/{tenant}/v2.0"),
    }
}

/// The running issuer, which remembers what it was asked for.
pub struct Issuer {
    pub authority: String,
    pub keys: Keys,
    /// Trusts the issuer.
    pub http: Client,
    requests: Arc<Mutex<Vec<String>>>,
}

struct Served {
    keys: Keys,
    authority: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Issuer {
    /// Starts on a free port; it ends with the runtime.
    pub fn start() -> Self {
        // Bound before anything is served: connections wait in the listener's queue.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let authority = format!("https://{}", listener.local_addr().unwrap());
        let (keys, requests) = (Keys::generate(), Arc::default());
        let (config, certificate) = tls::generate();
        let documents = Served {
            keys: keys.clone(),
            authority: authority.clone(),
            requests: Arc::clone(&requests),
        };
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::new(documents));
        let server = from_tcp_rustls(listener, RustlsConfig::from_config(config)).unwrap();
        tokio::spawn(server.serve(router.into_make_service()));
        let certificate = Certificate::from_pem(certificate.as_bytes()).unwrap();
        let http = Client::builder()
            .no_proxy()
            .tls_certs_only([certificate])
            .build()
            .unwrap();
        Self {
            authority,
            keys,
            http,
            requests,
        }
    }

    /// What is published at `path`.
    pub fn published(&self, path: &str) -> Option<serde_json::Value> {
        documents::published(&self.authority, &self.keys, path)
    }

    /// A verifier whose keys are at hand.
    pub async fn verifier(&self, tenants: Tenants) -> Verifier {
        let verifier = self.verifier_of(&self.authority, tenants);
        verifier.ready(PATIENCE).await.unwrap();
        verifier
    }

    /// A verifier that has only begun to ask `authority` for keys.
    pub fn verifier_of(&self, authority: &str, tenants: Tenants) -> Verifier {
        let settings = EntraSettings::new(authority, tenants).unwrap();
        Verifier::entra(
            &self.http,
            settings,
            &KeyPolicy::default(),
            TimeRules::entra(),
        )
    }

    /// The paths that were asked for, in order.
    pub fn requests(&self) -> Vec<String> {
        let mut requests = self
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        requests.sort();
        requests
    }
}

/// The tenants of a verifier that lists them.
pub fn listed() -> Tenants {
    Tenants::Listed(vec![TENANT.to_owned(), SECOND_TENANT.to_owned()])
}

async fn answer(State(documents): State<Arc<Served>>, uri: Uri) -> (StatusCode, String) {
    documents
        .requests
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(uri.path().to_owned());
    match documents::published(&documents.authority, &documents.keys, uri.path()) {
        Some(document) => (StatusCode::OK, document.to_string()),
        None => (StatusCode::NOT_FOUND, String::new()),
    }
}
