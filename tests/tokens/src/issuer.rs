//! An imitation of Entra for tests, with TLS, discovery, key sets and private keys.

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

/// A served tenant, which most tokens are of.
pub const TENANT: &str = "11111111-1111-4111-8111-111111111111";
/// Another served tenant.
pub const SECOND_TENANT: &str = "22222222-2222-4222-8222-222222222222";
/// A tenant that the issuer has no documents for.
pub const FOREIGN_TENANT: &str = "33333333-3333-4333-8333-333333333333";
/// The API in the audience of the tokens.
pub const API: &str = "3a5c0001-0000-4000-8000-000000000001";
/// The client that obtained the tokens.
pub const CLIENT: &str = "3a5c0004-0000-4000-8000-000000000004";
/// The `kid` of the good key, in Entra's length and alphabet.
pub const KEY_ID: &str = "nOo3ZDrODXEK1jKWhXslHR_KXEg";
/// The time at which tokens are issued, in seconds since 1970.
pub const NOW: u64 = 1_800_000_000;
/// Entra's name of the public cloud, in metadata and in keys.
pub const CLOUD: &str = "microsoftonline.com";

const PATIENCE: Duration = Duration::from_secs(20);

/// Returns the `iss` of a tenant's tokens of a version.
pub fn issuer_of(version: EntraVersion, tenant: &str) -> String {
    match version {
        EntraVersion::V1 => format!("https://sts.windows.net/{tenant}/"),
        EntraVersion::V2 => format!("https://login.microsoftonline.com/{tenant}/v2.0"),
    }
}

/// A running issuer, which records the paths of its requests.
pub struct Issuer {
    pub authority: String,
    pub keys: Keys,
    /// A client that trusts the issuer's certificate.
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
        let keys = Keys::generate();
        let requests = Arc::default();
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

    /// Returns the document at `path`, if the issuer has one.
    pub fn published(&self, path: &str) -> Option<serde_json::Value> {
        documents::published(&self.authority, &self.keys, path)
    }

    /// Starts a verifier and waits for its keys.
    pub async fn verifier(&self, tenants: Tenants) -> Verifier {
        let verifier = self.verifier_of(&self.authority, tenants);
        verifier.ready(PATIENCE).await.unwrap();
        verifier
    }

    /// Starts a verifier that fetches keys from `authority`, without waiting for them.
    pub fn verifier_of(&self, authority: &str, tenants: Tenants) -> Verifier {
        let settings = EntraSettings::new(authority, tenants).unwrap();
        Verifier::entra(
            &self.http,
            settings,
            &KeyPolicy::default(),
            TimeRules::entra(),
        )
    }

    /// Returns the paths of all requests, sorted.
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

/// Returns the served tenants, as a list.
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
