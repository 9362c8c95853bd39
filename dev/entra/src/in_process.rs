use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use anyhow::Context;
use axum_server::Handle;
use tokio::task::spawn_blocking;

use crate::authority::Authority;
use crate::certificates::Certificates;
use crate::directory::Directory;
use crate::router::Entra;
use crate::server::{LOCAL_NAMES, serve_tls};
use crate::signing_key::{KeyRing, SigningKey};

const DIRECTORY: &str = include_str!("../directory.yaml");
/// As Entra's by default.
const TOKENS_LIVE: Duration = Duration::from_hours(1);

/// The imitation inside the test of another program: the development directory, on a free port, until this is dropped.
///
/// Nothing is written to disk, so that tests run side by side.
#[derive(Debug)]
pub struct InProcess {
    authority: Authority,
    authority_pem: String,
    handle: Handle<SocketAddr>,
}

impl InProcess {
    /// The development directory, for a test that needs one more entry in it.
    #[must_use]
    pub fn development_directory() -> &'static str {
        DIRECTORY
    }

    /// Starts on a loopback port of its own; requests are answered from the moment that this returns.
    pub async fn start() -> anyhow::Result<Self> {
        Self::with_directory(DIRECTORY).await
    }

    /// [`InProcess::start`] with another directory, as YAML; files that it names must be absolute.
    pub async fn with_directory(yaml: &str) -> anyhow::Result<Self> {
        // Bound before anything is served: connections wait in the listener's queue, so that nobody has to poll.
        let listener = TcpListener::bind("127.0.0.1:0").context("binding a free port")?;
        listener.set_nonblocking(true)?;
        let authority = Authority::localhost(listener.local_addr()?.port());
        let names = LOCAL_NAMES.map(str::to_owned).into();
        let (key, certificates) =
            spawn_blocking(|| anyhow::Ok((SigningKey::generate()?, Certificates::generate(names)?))).await??;
        let authority_pem = certificates.authority_pem().to_owned();
        let entra = Entra {
            directory: Directory::parse("directory.yaml", yaml)?,
            keys: KeyRing::new(key),
            authority: authority.clone(),
            http: reqwest::Client::builder().no_proxy().build().context("building the HTTP client")?,
            lifetime: TOKENS_LIVE,
        };
        let handle = Handle::new();
        tokio::spawn(serve_tls(listener, certificates.server, entra, handle.clone()));
        Ok(Self { authority, authority_pem, handle })
    }

    /// The origin that tokens are requested at and keys are published on, such as `https://localhost:41234`.
    #[must_use]
    pub fn authority(&self) -> String {
        self.authority.to_string()
    }

    /// The certificate that clients must trust, as PEM.
    #[must_use]
    pub fn authority_pem(&self) -> &str {
        &self.authority_pem
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}
