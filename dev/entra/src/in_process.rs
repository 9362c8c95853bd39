use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use portcullis_runtime::Process;
use tokio::task::{AbortHandle, spawn_blocking};

use crate::authority::Authority;
use crate::certificates::Certificates;
use crate::directory::Directory;
use crate::entra::{Entra, Live};
use crate::memory::Memory;
use crate::ports::Ports;
use crate::server::LOCAL_NAMES;
use crate::signing_key::{KeyRing, SigningKey};

const DIRECTORY: &str = include_str!("../directory.yaml");
/// The lifetime of tokens, as Entra's default.
const TOKENS_LIVE: Duration = Duration::from_hours(1);

/// dev-entra inside a test of another program, on a free port, until this is dropped.
///
/// It serves the development directory by default. It writes nothing to disk, so that tests can
/// run at once.
#[derive(Debug)]
pub struct InProcess {
    authority: Authority,
    authority_pem: String,
    admin: String,
    server: AbortHandle,
}

impl InProcess {
    /// The development directory as YAML, for a test that adds an entry to it.
    #[must_use]
    pub fn development_directory() -> &'static str {
        DIRECTORY
    }

    /// Starts on a free loopback port. It answers requests as soon as this returns.
    pub async fn start() -> anyhow::Result<Self> {
        Self::with_directory(DIRECTORY).await
    }

    /// [`InProcess::start`] with another directory as YAML. Paths in it must be absolute.
    pub async fn with_directory(yaml: &str) -> anyhow::Result<Self> {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let ports = Ports::bind(free, Some(free)).await?;
        let authority = Authority::localhost(ports.traffic()?.port());
        let admin = format!("http://{}", ports.admin().unwrap_or_default());
        let names = LOCAL_NAMES.map(str::to_owned).into();
        let (key, certificates) = spawn_blocking(|| {
            anyhow::Ok((SigningKey::generate()?, Certificates::generate(names)?))
        })
        .await??;
        let authority_pem = certificates.authority_pem().to_owned();
        let entra = Entra {
            directory: Arc::new(Directory::parse("directory.yaml", yaml)?),
            keys: Arc::new(KeyRing::new(key)),
            authority: authority.clone(),
            memory: Arc::new(Memory::new()),
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .context("building the HTTP client")?,
            lifetime: TOKENS_LIVE,
            knobs: Arc::default(),
        };
        let serving = async move {
            let (live, tls) = (Live::new(entra), certificates.server);
            let served = ports.serve(&Process::detached(), live, tls).await;
            if let Err(error) = served {
                tracing::error!(%error, "dev-entra cannot serve");
            }
        };
        Ok(Self {
            authority,
            authority_pem,
            admin,
            server: tokio::spawn(serving).abort_handle(),
        })
    }

    /// The origin of the token and key endpoints, such as `https://localhost:41234`.
    #[must_use]
    pub fn authority(&self) -> String {
        self.authority.to_string()
    }

    /// The origin of the endpoints for tests, such as `http://127.0.0.1:41235`.
    #[must_use]
    pub fn admin(&self) -> &str {
        &self.admin
    }

    /// The certificate that clients must trust, as PEM.
    #[must_use]
    pub fn authority_pem(&self) -> &str {
        &self.authority_pem
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        self.server.abort();
    }
}
