mod addresses;
mod control;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use reqwest::Client;
use tempfile::TempDir;

use crate::binaries;
use crate::envoy::EnvoyPorts;
use crate::identity_provider::IdentityProvider;
use crate::layout::Layout;
use crate::ports::{PortChoice, Ports};
use crate::program::Program;
use crate::service::Service;
use crate::stack_options::StackOptions;
use crate::tap::Tap;

/// The running system. Dropping it kills its programs; [`Stack::stop`] lets them drain.
#[derive(Debug)]
pub struct Stack {
    layout: Layout,
    http: Client,
    identity_provider: IdentityProvider,
    taps: [(Service, Tap); 3],
    options: StackOptions,
    /// One for each instance, `None` while a test keeps it stopped.
    authz: Vec<Option<Program>>,
    /// `None` while a test keeps it stopped.
    entra: Option<Program>,
    services: Vec<Program>,
    /// The Envoy that was started last.
    envoy: Program,
    /// State folder of a test's stack, removed when this is dropped.
    temporary_state: Option<TempDir>,
}

impl Stack {
    /// Starts a stack for a test, on free ports and in a temporary folder.
    pub async fn start_apart() -> anyhow::Result<Self> {
        Self::start_with(StackOptions::default()).await
    }

    /// Starts a stack for a test, with `options`.
    pub async fn start_with(options: StackOptions) -> anyhow::Result<Self> {
        let state = tempfile::tempdir().context("a folder for the stack's state")?;
        let mut stack = Self::start_in(state.path(), PortChoice::AnyFree, options, |_| {}).await?;
        stack.temporary_state = Some(state);
        Ok(stack)
    }

    /// Starts a stack with its state and logs in `state`. Calls `progress` with the names of the
    /// programs that it starts next.
    pub async fn start(
        state: &Path,
        choice: PortChoice,
        progress: impl Fn(&str),
    ) -> anyhow::Result<Self> {
        Self::start_in(state, choice, StackOptions::default(), progress).await
    }

    async fn start_in(
        state: &Path,
        choice: PortChoice,
        options: StackOptions,
        progress: impl Fn(&str),
    ) -> anyhow::Result<Self> {
        // Checked first, because a missing Envoy must not leave a half-started stack.
        binaries::envoy()?;
        std::fs::create_dir_all(state)
            .with_context(|| format!("{}: cannot be created", state.display()))?;
        // Absolute, since Envoy runs in a folder of its own.
        let state = state.canonicalize()?;
        let ports = Ports::pick(choice, options.authz_instances)?;
        let layout = Layout {
            state,
            ports,
            beside_envoy: options.beside_envoy,
        };
        let http = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(20))
            .build()?;
        progress("dev-entra");
        let entra = Program::start(options.applied_to_entra(layout.entra()?), &http).await?;
        let identity_provider = IdentityProvider::trusting(
            &layout.authority(),
            layout.admin_of_entra(),
            &layout.certificate_authority(),
        )?;
        progress("portcullis");
        layout.prepare_authz(&options)?;
        let mut authz = Vec::new();
        for ports in &layout.ports.authz {
            authz.push(Some(
                Program::start(layout.authz(*ports, &options)?, &http).await?,
            ));
        }
        progress("task-api, notification, audit");
        let (task_api, notification, audit) = tokio::try_join!(
            Program::start(options.applied(layout.task_api()?), &http),
            Program::start(options.applied(layout.notification()?), &http),
            Program::start(options.applied(layout.audit()?), &http),
        )?;
        progress("envoy");
        let taps = start_taps(&layout.ports).await?;
        let envoy =
            Program::start(layout.envoy(&envoy_ports(&layout, &taps), &options)?, &http).await?;
        let services = vec![task_api, notification, audit];
        let entra = Some(entra);
        Ok(Self {
            layout,
            http,
            identity_provider,
            taps,
            options,
            authz,
            entra,
            services,
            envoy,
            temporary_state: None,
        })
    }

    /// Stops all programs, the gateway first, so that no request is cut. Fails if a program does
    /// not end cleanly.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.envoy.stop().await?;
        let rest = self
            .services
            .into_iter()
            .chain(self.authz.into_iter().flatten())
            .chain(self.entra);
        for program in rest {
            program.stop().await?;
        }
        Ok(())
    }

    /// A client that follows no redirect and uses no proxy.
    #[must_use]
    pub fn http(&self) -> &Client {
        &self.http
    }

    /// The client of dev-entra, the issuer of tokens.
    #[must_use]
    pub fn identity_provider(&self) -> &IdentityProvider {
        &self.identity_provider
    }

    /// Discards the recorded bytes that Envoy sent to the services.
    pub fn forget_upstream_bytes(&self) {
        self.taps.iter().for_each(|(_, tap)| tap.clear());
    }

    /// The bytes that Envoy has sent to each service since, in lower case.
    #[must_use]
    pub fn upstream_bytes(&self) -> Vec<(Service, String)> {
        self.taps
            .iter()
            .map(|(service, tap)| (*service, tap.seen()))
            .collect()
    }
}

async fn start_taps(ports: &Ports) -> anyhow::Result<[(Service, Tap); 3]> {
    let tap = |service| async move {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports.traffic_of(service)));
        anyhow::Ok((service, Tap::start(address).await?))
    };
    let [first, second, third] = Service::ALL.map(tap);
    let (first, second, third) = tokio::try_join!(first, second, third)?;
    Ok([first, second, third])
}

fn envoy_ports(layout: &Layout, taps: &[(Service, Tap); 3]) -> EnvoyPorts {
    let ports = &layout.ports;
    let [(_, task_api), (_, notification), (_, audit)] = taps;
    EnvoyPorts {
        gateway: ports.gateway,
        admin: ports.admin,
        authz: ports
            .authz
            .iter()
            .map(|authz| layout.checks(*authz))
            .collect(),
        task_api: task_api.port,
        notification: notification.port,
        audit: audit.port,
    }
}
