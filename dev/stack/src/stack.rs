use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use reqwest::Client;
use tempfile::TempDir;

use crate::binaries;
use crate::envoy::EnvoyPorts;
use crate::identity_provider::IdentityProvider;
use crate::ports::PortChoice;
use crate::ports_of_programs::{ProgramPort, Speaks, of_program};
use crate::program::Program;
use crate::programs::{AuthzPorts, Layout, Ports, assertion_keys, http};
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

/// A service behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The task API.
    TaskApi,
    /// The notification service.
    Notification,
    /// The audit service.
    Audit,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 3] = [Self::TaskApi, Self::Notification, Self::Audit];

    /// The name of its upstream and of its program.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TaskApi => "task-api",
            Self::Notification => "notification",
            Self::Audit => "audit",
        }
    }
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
        let identity_provider =
            IdentityProvider::trusting(&layout.authority(), &layout.certificate_authority())?;
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

    /// Stops the first authz server, which drains.
    pub async fn stop_authz(&mut self) -> anyhow::Result<()> {
        self.take_authz(0)?.stop().await.map(drop)
    }

    /// Kills the first authz server.
    pub async fn crash_authz(&mut self) -> anyhow::Result<()> {
        self.take_authz(0)?.crash().await
    }

    /// Suspends the first authz server, or resumes it if `hung` is false.
    pub fn hang_authz(&self, hung: bool) -> anyhow::Result<()> {
        let server = self
            .authz
            .first()
            .and_then(Option::as_ref)
            .context("portcullis is not running")?;
        if hung { server.hang() } else { server.go_on() }
    }

    /// Suspends the issuer, which then accepts connections and does not answer. Resumes it if
    /// `hung` is false.
    pub fn hang_issuer(&self, hung: bool) -> anyhow::Result<()> {
        let entra = self.entra.as_ref().context("dev-entra is not running")?;
        if hung { entra.hang() } else { entra.go_on() }
    }

    /// The log of the first authz server since its start.
    pub fn authz_log(&self) -> anyhow::Result<String> {
        let server = self
            .authz
            .first()
            .and_then(Option::as_ref)
            .context("portcullis is not running")?;
        let log = &server.spec().log;
        std::fs::read_to_string(log).with_context(|| format!("{}: cannot be read", log.display()))
    }

    /// Stops an authz server, which drains, and starts it again.
    pub async fn restart_authz(&mut self, instance: usize) -> anyhow::Result<()> {
        self.take_authz(instance)?.stop().await?;
        self.start_instance(instance).await
    }

    fn take_authz(&mut self, instance: usize) -> anyhow::Result<Program> {
        self.authz
            .get_mut(instance)
            .and_then(Option::take)
            .context("portcullis is not running")
    }

    async fn start_instance(&mut self, instance: usize) -> anyhow::Result<()> {
        let ports = self
            .layout
            .ports
            .authz
            .get(instance)
            .with_context(|| format!("the stack has no authz server {instance}"))?;
        let started = Program::start(self.layout.authz(*ports, &self.options)?, &self.http).await?;
        if let Some(place) = self.authz.get_mut(instance) {
            *place = Some(started);
        }
        Ok(())
    }

    /// Kills a service, as a lost machine does, and starts it again with the same data.
    pub async fn crash_and_restart(&mut self, service: Service) -> anyhow::Result<()> {
        let place = self
            .services
            .iter()
            .position(|program| program.spec().name == service.name());
        let program = self
            .services
            .swap_remove(place.with_context(|| format!("{} is not running", service.name()))?);
        let spec = program.spec().clone();
        program.crash().await?;
        self.services.push(Program::start(spec, &self.http).await?);
        Ok(())
    }

    /// Stops the issuer.
    pub async fn stop_issuer(&mut self) -> anyhow::Result<()> {
        let entra = self.entra.take().context("dev-entra is not running")?;
        entra.stop().await.map(drop)
    }

    /// Starts the first authz server again. A single server makes a new assertion key.
    pub async fn start_authz(&mut self) -> anyhow::Result<()> {
        self.start_instance(0).await
    }

    /// Replaces Envoy by another process, which takes over the listening sockets ("Hot restart",
    /// Envoy's documentation).
    pub async fn hot_restart_envoy(&mut self) -> anyhow::Result<()> {
        let successor = Program::start(self.envoy.spec().successor()?, &self.http).await?;
        std::mem::replace(&mut self.envoy, successor).ended().await
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

    /// The gateway's URL.
    #[must_use]
    pub fn gateway(&self) -> String {
        http(self.layout.ports.gateway)
    }

    /// The address that Envoy listens on, for raw connections.
    #[must_use]
    pub fn gateway_address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.layout.ports.gateway).into()
    }

    /// The gRPC address of the first authz server: `unix:PATH`, or a URL if it listens on TCP.
    #[must_use]
    pub fn authz(&self) -> String {
        self.layout.checks(self.first_authz()).url()
    }

    /// The URL of the first authz server's assertion keys.
    #[must_use]
    pub fn assertion_keys(&self) -> String {
        assertion_keys(self.first_authz().keys)
    }

    /// The URL of the assertion keys of each authz server.
    #[must_use]
    pub fn assertion_keys_of_each(&self) -> Vec<String> {
        self.layout
            .ports
            .authz
            .iter()
            .map(|authz| assertion_keys(authz.keys))
            .collect()
    }

    fn first_authz(&self) -> AuthzPorts {
        self.layout.ports.authz.first().copied().unwrap_or_default()
    }

    /// The URL of the first authz server's operations.
    #[must_use]
    pub fn authz_operations(&self) -> String {
        http(self.first_authz().operations)
    }

    /// The URL of the first authz server's admin API.
    #[must_use]
    pub fn admin_api(&self) -> String {
        http(self.first_authz().admin)
    }

    /// The URL of the admin API of each authz server.
    #[must_use]
    pub fn admin_api_of_each(&self) -> Vec<String> {
        self.layout
            .ports
            .authz
            .iter()
            .map(|authz| http(authz.admin))
            .collect()
    }

    /// A service's own URL, which leads round the gateway.
    #[must_use]
    pub fn direct(&self, service: Service) -> String {
        http(port_of(&self.layout.ports, service))
    }

    /// The URL of a service's operations.
    #[must_use]
    pub fn operations(&self, service: Service) -> String {
        http(self.layout.ports.operations_of(service))
    }

    /// The listening ports of the first authz server, of dev-entra and of the services.
    pub fn program_ports(&self) -> anyhow::Result<Vec<ProgramPort>> {
        let ports = &self.layout.ports;
        let authz = self.first_authz();
        let server = self
            .authz
            .first()
            .and_then(Option::as_ref)
            .context("portcullis is not running")?;
        let entra = self.entra.as_ref().context("dev-entra is not running")?;
        let mut all: Vec<ProgramPort> = Vec::new();
        let checks = ("checks", authz.checks, Speaks::Grpc);
        let keys = ("keys", authz.keys, Speaks::Http("/.well-known/jwks.json"));
        let admin = ("administration", authz.admin, Speaks::Http("/status"));
        all.extend(of_program(
            ("portcullis", server.process()?),
            authz.operations,
            [checks, keys, admin],
        ));
        let traffic = ("traffic", ports.entra, Speaks::Https("/"));
        all.extend(of_program(
            ("dev-entra", entra.process()?),
            ports.operations_of_entra(),
            [traffic],
        ));
        for service in Service::ALL {
            let program = self
                .services
                .iter()
                .find(|program| program.spec().name == service.name());
            let process = program
                .with_context(|| format!("{} is not running", service.name()))?
                .process()?;
            let traffic = ("traffic", port_of(ports, service), Speaks::Http("/health"));
            all.extend(of_program(
                (service.name(), process),
                ports.operations_of(service),
                [traffic],
            ));
        }
        Ok(all)
    }

    /// The folder of state and logs.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.layout.state
    }

    /// The folder of the MAC keys that upstreams share with the authz servers.
    #[must_use]
    pub fn mac_key_folder(&self) -> PathBuf {
        self.layout.mac_key_folder()
    }

    /// The certificate of dev-entra's certificate authority, a PEM file.
    #[must_use]
    pub fn certificate_authority(&self) -> PathBuf {
        self.layout.certificate_authority()
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

fn port_of(ports: &Ports, service: Service) -> u16 {
    match service {
        Service::TaskApi => ports.task_api,
        Service::Notification => ports.notification,
        Service::Audit => ports.audit,
    }
}

async fn start_taps(ports: &Ports) -> anyhow::Result<[(Service, Tap); 3]> {
    let tap = |service| async move {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port_of(ports, service)));
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
