use std::fmt::Debug;
use std::marker::PhantomData;
use std::net::SocketAddr;

use portcullis_database::DatabaseSettings;
use portcullis_guard::{ApplicationSettings, GuardSettings, parse_id};
use portcullis_runtime::{CommonSettings, OutboundSettings, RequestLimits};

/// The parts of a command line that differ between services.
pub trait ServiceProgram: Clone + Debug + Send + Sync + 'static {
    /// Name of the program.
    const NAME: &'static str;
    /// The line that describes the program in its help.
    const ABOUT: &'static str;
    /// Text below the settings in the help.
    const AFTER_HELP: Option<&'static str> = None;
    /// Default address of the listener for requests.
    ///
    /// Each service has its own ports, so that all run on one machine.
    const LISTEN: &'static str;
    /// Default address of the operations listener.
    const OPERATIONS_LISTEN: &'static str;
    /// Environment variable of the application id.
    const CLIENT_ID_VARIABLE: &'static str;
}

/// Settings of a service that listed applications call.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = P::NAME, version, about = P::ABOUT, after_help = P::AFTER_HELP)]
pub struct ServiceSettings<P: ServiceProgram> {
    /// Address of the listener for requests.
    #[arg(
        long,
        env = "LISTEN",
        value_name = "ADDRESS",
        default_value = P::LISTEN
    )]
    pub listen: SocketAddr,
    /// Application id of this service in Entra: the audience of its callers' tokens. A service
    /// whose --token-issuer is another provider has none.
    #[arg(
        long,
        env = P::CLIENT_ID_VARIABLE,
        value_name = "ID",
        value_parser = parse_id,
        required_unless_present = "token_issuer"
    )]
    pub client_id: Option<String>,
    /// The applications that may call.
    #[command(flatten)]
    pub applications: ApplicationSettings,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// The issuer and gateway of callers.
    #[command(flatten)]
    pub guard: GuardSettings,
    /// Calls to other servers.
    #[command(flatten)]
    pub outbound: OutboundSettings,
    /// Request limits.
    #[command(flatten)]
    pub limits: RequestLimits,
    /// The settings that every program has.
    #[command(flatten)]
    pub common: CommonSettings,
    #[arg(skip)]
    program: PhantomData<P>,
}

impl<P: ServiceProgram> portcullis_runtime::Settings for ServiceSettings<P> {
    const OPERATIONS_ADDRESS: &'static str = P::OPERATIONS_LISTEN;

    fn common(&self) -> &CommonSettings {
        &self.common
    }

    fn contradictions(&self) -> Vec<String> {
        let mut found = self.guard.contradictions();
        let client_id = self.client_id.as_deref();
        found.extend(self.guard.client_id_contradiction("--client-id", client_id));
        found.extend(self.applications.contradictions(&self.guard));
        found
    }
}
