//! The gate and the real Envoy in front of something else than the services.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::Context;
use reqwest::Client;
use tempfile::TempDir;

use crate::binaries;
use crate::envoy::EnvoyPorts;
use crate::identity_provider::IdentityProvider;
use crate::ports::PortChoice;
use crate::program::Program;
use crate::programs::{Layout, Ports};
use crate::variation::Variation;

/// dev-entra, the gate and Envoy, whose every service is one address of the caller's choice.
/// Dropping it kills what runs.
#[derive(Debug)]
pub struct Front {
    ports: FrontPorts,
    identity_provider: IdentityProvider,
    programs: Vec<Program>,
    state: TempDir,
}

/// Where the parts listen, for whoever writes Envoy's files.
#[derive(Clone, Copy, Debug)]
pub struct FrontPorts {
    /// Envoy, for clients.
    pub gateway: u16,
    /// Envoy's own administration.
    pub admin: u16,
    /// The gate, for Envoy.
    pub authz: u16,
    /// What stands for every service.
    pub upstream: u16,
}

impl Front {
    /// Starts everything on free ports, with the sample policies as `policies` leaves them and
    /// Envoy's files as `envoy` leaves them.
    pub async fn start(
        upstream: u16,
        policies: impl Fn(&str) -> String + Send + Sync + 'static,
        envoy: impl FnOnce(&Path, FrontPorts) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        // First, so that nothing is half-started for want of it.
        binaries::envoy()?;
        let state = tempfile::tempdir().context("a folder for the state")?;
        let variation = Variation::default().policies(policies);
        let ports = Ports::pick(PortChoice::AnyFree, 1)?;
        // Whoever writes Envoy's files anew knows ports alone.
        let layout = Layout {
            state: state.path().canonicalize()?,
            ports,
            beside_envoy: false,
        };
        let http = Client::builder().no_proxy().build()?;
        let (Ports { gateway, admin, .. }, authz) = (&layout.ports, layout.ports.first_authz()?);
        let (gateway, admin) = (*gateway, *admin);
        let ports = FrontPorts {
            gateway,
            admin,
            authz: authz.checks,
            upstream,
        };
        let entra = Program::start(layout.entra()?, &http).await?;
        let identity_provider =
            IdentityProvider::trusting(&layout.authority(), &layout.certificate_authority())?;
        layout.prepare_authz(&variation)?;
        let gate = Program::start(layout.authz(authz, &variation)?, &http).await?;
        let checks = vec![layout.checks(authz)];
        let [task_api, notification, audit] = [upstream; 3];
        let services = EnvoyPorts {
            gateway,
            admin,
            authz: checks,
            task_api,
            notification,
            audit,
        };
        let spec = layout.envoy_with(&services, &variation, |folder| envoy(folder, ports))?;
        let envoy = Program::start(spec, &http).await?;
        Ok(Self {
            ports,
            identity_provider,
            programs: vec![entra, gate, envoy],
            state,
        })
    }

    /// Lets everything drain, the gateway first.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        while let Some(program) = self.programs.pop() {
            program.stop().await?;
        }
        Ok(())
    }

    /// Who issues tokens.
    #[must_use]
    pub fn identity_provider(&self) -> &IdentityProvider {
        &self.identity_provider
    }

    /// Where Envoy listens for clients.
    #[must_use]
    pub fn gateway(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.gateway).into()
    }

    /// Where state and logs lie.
    #[must_use]
    pub fn state(&self) -> &Path {
        self.state.path()
    }
}
