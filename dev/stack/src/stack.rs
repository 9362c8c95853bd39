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
use crate::tap::Tap;
use crate::variation::Variation;

/// Everything, running. Dropping it kills what runs; [`Stack::stop`] lets it drain.
#[derive(Debug)]
pub struct Stack {
    layout: Layout,
    http: Client,
    identity_provider: IdentityProvider,
    taps: [(Service, Tap); 3],
    variation: Variation,
    /// One for each instance, absent while it is stopped on purpose.
    authz: Vec<Option<Program>>,
    /// Absent while it is stopped on purpose.
    entra: Option<Program>,
    services: Vec<Program>,
    /// The newest one.
    envoy: Program,
    /// Removes the state of a stack that nobody will look at again, when it is dropped.
    state_of_test: Option<TempDir>,
}

/// A service behind the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Tasks.
    TaskApi,
    /// Notifications.
    Notification,
    /// The audit trail.
    Audit,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 3] = [Self::TaskApi, Self::Notification, Self::Audit];

    /// Its name as an upstream.
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
    /// A stack for a test: on free ports, in a folder that goes with it.
    pub async fn start_apart() -> anyhow::Result<Self> {
        Self::start_varied(Variation::default()).await
    }

    /// A stack for a test that differs from the usual one.
    pub async fn start_varied(variation: Variation) -> anyhow::Result<Self> {
        let state = tempfile::tempdir().context("a folder for the stack's state")?;
        let mut stack =
            Self::start_in(state.path(), PortChoice::AnyFree, variation, |_| {}).await?;
        stack.state_of_test = Some(state);
        Ok(stack)
    }

    /// Starts everything with its state and logs in `state`, and tells `progress` what it is about
    /// to wait for.
    pub async fn start(
        state: &Path,
        choice: PortChoice,
        progress: impl Fn(&str),
    ) -> anyhow::Result<Self> {
        Self::start_in(state, choice, Variation::default(), progress).await
    }

    async fn start_in(
        state: &Path,
        choice: PortChoice,
        variation: Variation,
        progress: impl Fn(&str),
    ) -> anyhow::Result<Self> {
        // First, so that nothing is half-started for want of it.
        binaries::envoy()?;
        std::fs::create_dir_all(state)
            .with_context(|| format!("{}: cannot be created", state.display()))?;
        // Absolute, since Envoy runs in a folder of its own.
        let state = state.canonicalize()?;
        let ports = Ports::pick(choice, variation.authz_instances)?;
        let layout = Layout {
            state,
            ports,
            beside_envoy: variation.beside_envoy,
        };
        let http = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(20))
            .build()?;
        progress("dev-entra");
        let entra = Program::start(variation.applied_to_entra(layout.entra()?), &http).await?;
        let identity_provider =
            IdentityProvider::trusting(&layout.authority(), &layout.certificate_authority())?;
        progress("portcullis");
        layout.prepare_authz(&variation)?;
        let mut authz = Vec::new();
        for ports in &layout.ports.authz {
            authz.push(Some(
                Program::start(layout.authz(*ports, &variation)?, &http).await?,
            ));
        }
        progress("task-api, notification, audit");
        let (task_api, notification, audit) = tokio::try_join!(
            Program::start(variation.applied(layout.task_api()?), &http),
            Program::start(variation.applied(layout.notification()?), &http),
            Program::start(variation.applied(layout.audit()?), &http),
        )?;
        progress("envoy");
        let taps = start_taps(&layout.ports).await?;
        let envoy = Program::start(
            layout.envoy(&envoy_ports(&layout, &taps), &variation)?,
            &http,
        )
        .await?;
        let services = vec![task_api, notification, audit];
        let entra = Some(entra);
        Ok(Self {
            layout,
            http,
            identity_provider,
            taps,
            variation,
            authz,
            entra,
            services,
            envoy,
            state_of_test: None,
        })
    }

    /// Lets the gate drain and stop, the first of several.
    pub async fn stop_authz(&mut self) -> anyhow::Result<()> {
        self.take_authz(0)?.stop().await.map(drop)
    }

    /// Ends the gate at once.
    pub async fn crash_authz(&mut self) -> anyhow::Result<()> {
        self.take_authz(0)?.crash().await
    }

    /// Lets the gate hang, and go on when `hung` is false.
    pub fn hang_authz(&self, hung: bool) -> anyhow::Result<()> {
        let authz = self
            .authz
            .first()
            .and_then(Option::as_ref)
            .context("portcullis is not running")?;
        if hung { authz.hang() } else { authz.go_on() }
    }

    /// Lets the issuer hang, as an outage without an answer, and go on when `hung` is false.
    pub fn hang_issuer(&self, hung: bool) -> anyhow::Result<()> {
        let entra = self.entra.as_ref().context("dev-entra is not running")?;
        if hung { entra.hang() } else { entra.go_on() }
    }

    /// What the first authz server has logged since its start.
    pub fn authz_log(&self) -> anyhow::Result<String> {
        let authz = self
            .authz
            .first()
            .and_then(Option::as_ref)
            .context("portcullis is not running")?;
        let log = &authz.spec().log;
        std::fs::read_to_string(log).with_context(|| format!("{}: cannot be read", log.display()))
    }

    /// Stops one of several gates, which drains, and starts it again.
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
            .context("there is no such instance")?;
        let started =
            Program::start(self.layout.authz(*ports, &self.variation)?, &self.http).await?;
        if let Some(place) = self.authz.get_mut(instance) {
            *place = Some(started);
        }
        Ok(())
    }

    /// Ends a service at once, as a lost machine does, and starts it again with the same data.
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

    /// Stops the issuer alone: an outage.
    pub async fn stop_issuer(&mut self) -> anyhow::Result<()> {
        let entra = self.entra.take().context("dev-entra is not running")?;
        entra.stop().await.map(drop)
    }

    /// Starts the gate again, with a new signing key where it is alone.
    pub async fn start_authz(&mut self) -> anyhow::Result<()> {
        self.start_instance(0).await
    }

    /// Replaces Envoy by another process, which takes over the listening sockets ("Hot restart",
    /// Envoy's documentation).
    pub async fn hot_restart_envoy(&mut self) -> anyhow::Result<()> {
        let successor = Program::start(self.envoy.spec().successor()?, &self.http).await?;
        std::mem::replace(&mut self.envoy, successor).ended().await
    }

    /// Lets everything drain, the gateway first: no request is cut, and each process must end
    /// cleanly.
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

    /// Who issues tokens.
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

    /// Where Envoy asks the gate (gRPC): `unix:PATH`, or a URL where there are several.
    #[must_use]
    pub fn authz(&self) -> String {
        self.layout.checks(self.first_authz()).url()
    }

    /// Where the gate publishes the keys of its assertions.
    #[must_use]
    pub fn assertion_keys(&self) -> String {
        assertion_keys(self.first_authz().keys)
    }

    /// The same of each of several gates.
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

    /// Where the gate's metrics and probes are.
    #[must_use]
    pub fn authz_operations(&self) -> String {
        http(self.first_authz().operations)
    }

    /// Where the gate is administered.
    #[must_use]
    pub fn administration(&self) -> String {
        http(self.first_authz().administration)
    }

    /// The same of each of several gates.
    #[must_use]
    pub fn administration_of_each(&self) -> Vec<String> {
        self.layout
            .ports
            .authz
            .iter()
            .map(|authz| http(authz.administration))
            .collect()
    }

    /// A service's own URL, which only those beside the gateway can reach.
    #[must_use]
    pub fn direct(&self, service: Service) -> String {
        http(port_of(&self.layout.ports, service))
    }

    /// Where a service's metrics and probes are.
    #[must_use]
    pub fn operations(&self, service: Service) -> String {
        http(self.layout.ports.operations_of(service))
    }

    /// Every port that a program of ours listens on, of the first gate where there are several.
    pub fn program_ports(&self) -> anyhow::Result<Vec<ProgramPort>> {
        let (ports, authz) = (&self.layout.ports, self.first_authz());
        let gate = self
            .authz
            .first()
            .and_then(Option::as_ref)
            .context("portcullis is not running")?;
        let entra = self.entra.as_ref().context("dev-entra is not running")?;
        let mut all: Vec<ProgramPort> = Vec::new();
        let checks = ("checks", authz.checks, Speaks::Grpc);
        let keys = ("keys", authz.keys, Speaks::Http("/.well-known/jwks.json"));
        let administration = (
            "administration",
            authz.administration,
            Speaks::Http("/status"),
        );
        all.extend(of_program(
            ("portcullis", gate.process()?),
            authz.operations,
            [checks, keys, administration],
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

    /// Where state and logs lie.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.layout.state
    }

    /// The folder of the MAC keys that upstreams share with the gates.
    #[must_use]
    pub fn mac_key_folder(&self) -> PathBuf {
        self.layout.mac_key_folder()
    }

    /// The certificate of the authority that dev-entra made.
    #[must_use]
    pub fn certificate_authority(&self) -> PathBuf {
        self.layout.certificate_authority()
    }

    /// Forgets what Envoy has sent to the services so far.
    pub fn forget_upstream_bytes(&self) {
        self.taps.iter().for_each(|(_, tap)| tap.clear());
    }

    /// What Envoy has sent to each service since, byte by byte but in lower case.
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
