//! The servers that answer Checks, each in a process of its own.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::ensure;
use dev_stack::{PortChoice, Program, ProgramSpec, program};
use portcullis_bench::IssuerKey;
use reqwest::Client;

use crate::case::{Server, ServerKind, Transport};
use crate::cpu::CpuClock;
use crate::policies::{UPSTREAM, documents};

/// A running server.
#[derive(Debug)]
pub(crate) struct RunningServer {
    pub(crate) server: Server,
    pub(crate) address: ServerAddress,
    pub(crate) cpu: CpuClock,
    program: Program,
    policies: Option<PolicyFile>,
}

/// The address to which Envoy sends Checks.
#[derive(Clone, Debug)]
pub(crate) enum ServerAddress {
    /// A port of 127.0.0.1.
    Tcp(u16),
    /// A Unix socket.
    Unix(PathBuf),
}

impl ServerAddress {
    fn pick(transport: Transport, folder: &Path, name: &str) -> anyhow::Result<Self> {
        Ok(match transport {
            Transport::Tcp => Self::Tcp(free_port()?),
            Transport::Unix => Self::Unix(folder.join(format!("{name}.sock"))),
        })
    }

    /// The value of `--listen`.
    fn listen(&self) -> String {
        match self {
            Self::Tcp(port) => local(*port),
            Self::Unix(path) => format!("unix:{}", path.display()),
        }
    }
}

/// The policies of a server. It drops its cached callers when they change.
#[derive(Debug)]
struct PolicyFile {
    path: PathBuf,
    admin: u16,
    generation: AtomicU64,
}

impl RunningServer {
    pub(crate) async fn start(
        server: Server,
        key: &IssuerKey,
        folder: &Path,
        http: &Client,
    ) -> anyhow::Result<Self> {
        let name = name(server);
        let address = ServerAddress::pick(server.transport, folder, name)?;
        let (arguments, policies) = match server.kind {
            ServerKind::NoOp => (vec!["no-op".to_owned()], None),
            ServerKind::Authz | ServerKind::AuthzMac | ServerKind::AuthzFirstSeen => {
                let policies = PolicyFile::create(folder.join(format!("{name}.yaml")), key)?;
                let mut arguments = policies.arguments()?;
                if server.kind == ServerKind::AuthzMac {
                    arguments.extend(["--assertion-mac-keys".to_owned(), mac_keys(folder)?]);
                }
                (arguments, Some(policies))
            }
        };
        let spec = spec(name, arguments, &address, folder)?;
        let program = Program::start(spec, http).await?;
        let cpu = CpuClock::of(program.process()?)?;
        Ok(Self {
            server,
            address,
            cpu,
            program,
            policies,
        })
    }

    /// Makes the server drop its cached callers.
    pub(crate) async fn drop_cached_callers(
        &self,
        key: &IssuerKey,
        http: &Client,
    ) -> anyhow::Result<()> {
        match &self.policies {
            Some(policies) => policies.replace(key, http).await,
            None => Ok(()),
        }
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        // The no-op server cannot drain. Dropping it kills it.
        if self.policies.is_some() {
            self.program.stop().await?;
        }
        Ok(())
    }
}

impl PolicyFile {
    fn create(path: PathBuf, key: &IssuerKey) -> anyhow::Result<Self> {
        std::fs::write(&path, documents(key, 0))?;
        Ok(Self {
            path,
            admin: free_port()?,
            generation: AtomicU64::new(0),
        })
    }

    fn arguments(&self) -> anyhow::Result<Vec<String>> {
        // The decision log is off, because the cost of standard output is another measurement.
        let flags = [
            ("--policy", self.path.display().to_string()),
            ("--admin-listen", local(self.admin)),
            ("--keys-listen", local(free_port()?)),
            ("--log", "warn".to_owned()),
        ];
        let flags = flags
            .into_iter()
            .flat_map(|(flag, value)| [flag.to_owned(), value]);
        Ok(["serve".to_owned()].into_iter().chain(flags).collect())
    }

    /// Replaces the policies. The cache of callers belongs to one set of policies and ends with it.
    async fn replace(&self, key: &IssuerKey, http: &Client) -> anyhow::Result<()> {
        let generation = self.generation.fetch_add(1, Ordering::Relaxed) + 1;
        // Renamed in one step, because the server may be reading the file.
        let new = self.path.with_extension("new");
        std::fs::write(&new, documents(key, generation))?;
        std::fs::rename(&new, &self.path)?;
        let response = http
            .post(format!("http://{}/policies/reload", local(self.admin)))
            .send()
            .await?;
        let status = response.status();
        ensure!(
            status.is_success(),
            "POST /policies/reload is answered with {status}: {}",
            response.text().await?
        );
        Ok(())
    }
}

fn spec(
    name: &'static str,
    mut arguments: Vec<String>,
    address: &ServerAddress,
    folder: &Path,
) -> anyhow::Result<ProgramSpec> {
    let operations = free_port()?;
    let binary = if name.starts_with("no-op") {
        "bench-gateway"
    } else {
        "portcullis"
    };
    arguments.extend([
        "--listen".to_owned(),
        address.listen(),
        "--operations-listen".to_owned(),
        local(operations),
    ]);
    Ok(ProgramSpec {
        name,
        binary: program(binary)?,
        arguments,
        environment: Vec::new(),
        directory: folder.to_owned(),
        log: folder.join(format!("{name}.log")),
        ready_url: format!("http://{}/readyz", local(operations)),
    })
}

/// Creates a folder with the MAC key of the policies' upstream.
fn mac_keys(folder: &Path) -> anyhow::Result<String> {
    let keys = folder.join("mac-keys");
    std::fs::create_dir_all(&keys)?;
    // Any key will serve, because no service verifies these assertions.
    std::fs::write(
        keys.join(UPSTREAM),
        "cG9ydGN1bGxpcyBwb3J0Y3VsbGlzIHBvcnRjdWxsaXM=\n",
    )?;
    Ok(keys.display().to_string())
}

/// The name of the server's process, log and Envoy cluster.
pub(crate) fn name(Server { kind, transport }: Server) -> &'static str {
    match (kind, transport) {
        (ServerKind::NoOp, Transport::Tcp) => "no-op",
        (ServerKind::NoOp, Transport::Unix) => "no-op-unix",
        (ServerKind::Authz, Transport::Tcp) => "authz",
        (ServerKind::Authz, Transport::Unix) => "authz-unix",
        (ServerKind::AuthzMac, Transport::Tcp) => "authz-mac",
        (ServerKind::AuthzMac, Transport::Unix) => "authz-mac-unix",
        (ServerKind::AuthzFirstSeen, Transport::Tcp) => "authz-first-seen",
        (ServerKind::AuthzFirstSeen, Transport::Unix) => "authz-first-seen-unix",
    }
}

pub(crate) fn free_port() -> anyhow::Result<u16> {
    PortChoice::AnyFree.pick(0)
}

fn local(port: u16) -> String {
    format!("127.0.0.1:{port}")
}
