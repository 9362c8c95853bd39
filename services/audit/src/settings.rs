use std::net::SocketAddr;

use portcullis_database::DatabaseSettings;
use portcullis_guard::{ApplicationSettings, GuardSettings, id_contradiction, parse_id};
use portcullis_runtime::{CommonSettings, OutboundSettings, RequestLimits};

/// Settings of the audit service.
#[derive(Clone, Debug, clap::Parser)]
#[command(
    name = "audit",
    version,
    about,
    after_help = "`audit verify` checks the hash chains; see audit verify --help"
)]
pub struct Settings {
    /// Address of the listener for requests.
    #[arg(
        long,
        env = "LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8002"
    )]
    pub listen: SocketAddr,
    /// Application id of this service in Entra: the audience of its callers' tokens.
    #[arg(long, env = "AZURE_AUDIT_CLIENT_ID", value_name = "ID", value_parser = parse_id)]
    pub client_id: String,
    /// The applications that may call.
    #[command(flatten)]
    pub applications: ApplicationSettings,
    /// The database of the trail.
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
}

impl portcullis_runtime::Settings for Settings {
    const OPERATIONS_ADDRESS: &'static str = "127.0.0.1:9102";

    fn common(&self) -> &CommonSettings {
        &self.common
    }

    fn contradictions(&self) -> Vec<String> {
        let mut found = self.guard.contradictions();
        found.extend(id_contradiction("--client-id", &self.client_id));
        found.extend(self.applications.contradictions());
        found
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Settings;

    #[test]
    fn settings_have_distinct_flags_and_ids() {
        Settings::command().debug_assert();
    }

    #[test]
    fn every_setting_has_an_example_for_its_error() {
        let none: [&str; 0] = [];
        assert_eq!(
            portcullis_runtime::settings_without_example::<Settings>(),
            none
        );
    }
}
