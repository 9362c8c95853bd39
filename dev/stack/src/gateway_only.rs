//! The authz server and the real Envoy in front of a test's own upstream.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::Context;
use reqwest::Client;
use tempfile::TempDir;

use crate::binaries;
use crate::envoy::EnvoyPorts;
use crate::identity_provider::IdentityProvider;
use crate::layout::Layout;
use crate::ports::{PortChoice, Ports};
use crate::program::Program;
use crate::stack_options::StackOptions;

/// dev-entra, the authz server and Envoy, with one upstream port in place of all services.
/// Dropping it kills the programs.
#[derive(Debug)]
pub struct GatewayOnly {
    ports: GatewayPorts,
    identity_provider: IdentityProvider,
    programs: Vec<Program>,
    state: TempDir,
}

/// The ports that a test needs to write Envoy's files.
#[derive(Clone, Copy, Debug)]
pub struct GatewayPorts {
    /// Envoy, for clients.
    pub gateway: u16,
    /// Envoy's admin interface.
    pub admin: u16,
    /// The authz server, for Envoy.
    pub authz: u16,
    /// The upstream in place of all services.
    pub upstream: u16,
}

impl GatewayOnly {
    /// Starts the programs on free ports. `policies` changes the sample policies, and `envoy`
    /// changes Envoy's files.
    pub async fn start(
        upstream: u16,
        policies: impl Fn(&str) -> String + Send + Sync + 'static,
        envoy: impl FnOnce(&Path, GatewayPorts) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        // Checked first, because a missing Envoy must not leave a half-started stack.
        binaries::envoy()?;
        let state = tempfile::tempdir().context("a folder for the state")?;
        let options = StackOptions::default().policies(policies);
        let ports = Ports::pick(PortChoice::AnyFree, 1)?;
        // A test that writes Envoy's files gets ports only, so there is no Unix socket.
        let layout = Layout {
            state: state.path().canonicalize()?,
            ports,
            beside_envoy: false,
        };
        let http = Client::builder().no_proxy().build()?;
        let authz = layout.ports.first_authz()?;
        let Ports { gateway, admin, .. } = layout.ports;
        let ports = GatewayPorts {
            gateway,
            admin,
            authz: authz.checks,
            upstream,
        };
        let entra = Program::start(layout.entra()?, &http).await?;
        let identity_provider = IdentityProvider::trusting(
            &layout.authority(),
            layout.admin_of_entra(),
            &layout.certificate_authority(),
        )?;
        layout.prepare_authz(&options)?;
        let server = Program::start(layout.authz(authz, &options)?, &http).await?;
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
        let spec = layout.envoy_with(&services, &options, |folder| envoy(folder, ports))?;
        let envoy = Program::start(spec, &http).await?;
        Ok(Self {
            ports,
            identity_provider,
            programs: vec![entra, server, envoy],
            state,
        })
    }

    /// Stops all programs, the gateway first. Each drains.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        while let Some(program) = self.programs.pop() {
            program.stop().await?;
        }
        Ok(())
    }

    /// The client of dev-entra, the issuer of tokens.
    #[must_use]
    pub fn identity_provider(&self) -> &IdentityProvider {
        &self.identity_provider
    }

    /// The address of Envoy for clients.
    #[must_use]
    pub fn gateway(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.gateway).into()
    }

    /// The folder of state and logs.
    #[must_use]
    pub fn state(&self) -> &Path {
        self.state.path()
    }
}
