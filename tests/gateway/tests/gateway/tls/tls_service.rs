use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum_server::tls_rustls::{RustlsConfig, from_tcp_rustls};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::tls::certificates::{Authority, Issued};

/// A service that answers 200 to clients with a certificate of a trusted authority.
pub(crate) struct TlsService {
    pub(crate) port: u16,
    requests: Arc<AtomicUsize>,
}

impl TlsService {
    pub(crate) fn start(own: &Issued, trusted: &Authority) -> anyhow::Result<Self> {
        let provider = Arc::new(default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(trusted.pem().as_bytes())?)?;
        let clients =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()?;
        let certificate = CertificateDer::from_pem_slice(own.certificate.as_bytes())?;
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(clients)
            .with_single_cert(
                vec![certificate],
                PrivateKeyDer::from_pem_slice(own.key.as_bytes())?,
            )?;

        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let requests = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&requests);
        let router = Router::new().fallback(move || async move {
            count.fetch_add(1, Ordering::SeqCst);
        });
        let server = from_tcp_rustls(listener, RustlsConfig::from_config(Arc::new(config)))?;
        tokio::spawn(server.serve(router.into_make_service()));
        Ok(Self { port, requests })
    }

    /// Returns the number of requests so far.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}
