use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use axum_server::tls_rustls::{RustlsConfig, from_tcp_rustls};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};

/// An OpenID Connect provider that is down until `open`.
///
/// It publishes the keys of dev-entra, which signs its tokens for tests.
pub(crate) struct SecondIssuer {
    address: SocketAddr,
    tls: Arc<ServerConfig>,
    /// The certificate that clients must trust, as PEM.
    pub(crate) certificate: String,
    keys: Value,
}

impl SecondIssuer {
    pub(crate) fn with_keys(keys: Value) -> anyhow::Result<Self> {
        // The listener is dropped, so that the port is free until `open`.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)?;
        Ok(Self {
            address,
            tls: Arc::new(tls),
            certificate: made.cert.pem(),
            keys,
        })
    }

    /// Returns the `iss` of its tokens.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Returns the URL of its discovery document.
    pub(crate) fn metadata(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.url())
    }

    /// Starts to answer, until the runtime ends.
    pub(crate) fn open(&self) -> anyhow::Result<()> {
        let listener = TcpListener::bind(self.address)?;
        listener.set_nonblocking(true)?;
        let metadata = json!({"issuer": self.url(), "jwks_uri": format!("{}/keys", self.url())});
        let keys = self.keys.clone();
        let router = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(|| async { Json(metadata) }),
            )
            .route("/keys", get(|| async { Json(keys) }));
        let server = from_tcp_rustls(listener, RustlsConfig::from_config(Arc::clone(&self.tls)))?;
        tokio::spawn(server.serve(router.into_make_service()));
        Ok(())
    }
}
