//! The servers that answer Checks, each in a process of its own.

mod policy_file;

use std::path::{Path, PathBuf};

use anyhow::Context;
use dev_stack::{PortChoice, Program, ProgramSpec, program};
use portcullis_bench::IssuerKey;
use reqwest::Client;

use self::policy_file::PolicyFile;
use crate::case::{Build, Server, ServerKind, Transport};
use crate::cpu::CpuClock;
use crate::policies::UPSTREAM;

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

impl RunningServer {
    pub(crate) async fn start(
        server: Server,
        key: &IssuerKey,
        folder: &Path,
        base: Option<&Path>,
        http: &Client,
    ) -> anyhow::Result<Self> {
        let name = name(server);
        let address = ServerAddress::pick(server.transport, folder, &name)?;
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
        let binary = binary(server, base)?;
        let spec = spec(name, binary, arguments, &address, folder)?;
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

fn binary(Server { kind, build, .. }: Server, base: Option<&Path>) -> anyhow::Result<PathBuf> {
    match (kind, build) {
        (ServerKind::NoOp, _) => program("bench-gateway"),
        (_, Build::Own) => program("portcullis"),
        (_, Build::Base) => base.map(Path::to_owned).context("--base names no program"),
    }
}

fn spec(
    name: String,
    binary: PathBuf,
    mut arguments: Vec<String>,
    address: &ServerAddress,
    folder: &Path,
) -> anyhow::Result<ProgramSpec> {
    let operations = free_port()?;
    arguments.extend([
        "--listen".to_owned(),
        address.listen(),
        "--operations-listen".to_owned(),
        local(operations),
    ]);
    let log = folder.join(format!("{name}.log"));
    Ok(ProgramSpec {
        // A name in errors lives as long as this program.
        name: name.leak(),
        binary,
        arguments,
        environment: Vec::new(),
        directory: folder.to_owned(),
        log,
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
pub(crate) fn name(
    Server {
        kind,
        transport,
        build,
    }: Server,
) -> String {
    let kind = match kind {
        ServerKind::NoOp => "no-op",
        ServerKind::Authz => "authz",
        ServerKind::AuthzMac => "authz-mac",
        ServerKind::AuthzFirstSeen => "authz-first-seen",
    };
    let transport = match transport {
        Transport::Tcp => "",
        Transport::Unix => "-unix",
    };
    let build = match build {
        Build::Own => "",
        Build::Base => "-base",
    };
    format!("{kind}{transport}{build}")
}

pub(crate) fn free_port() -> anyhow::Result<u16> {
    PortChoice::AnyFree.pick(0)
}

fn local(port: u16) -> String {
    format!("127.0.0.1:{port}")
}
