use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use portcullis_database::DatabaseSettings;
use portcullis_entra_client::{Application, CredentialSettings};
use portcullis_guard::{GuardSettings, id_contradiction, parse_id};
use portcullis_runtime::{CommonSettings, OutboundSettings, RequestLimits};
use url::Url;

/// Settings of the task API.
#[derive(Clone, Debug, clap::Parser)]
#[command(
    name = "task-api",
    version,
    about = "Tasks of users, separate for each tenant"
)]
pub struct Settings {
    /// Address of the listener for requests.
    #[arg(
        long,
        env = "LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8000"
    )]
    pub listen: SocketAddr,
    /// Application id of this API in Entra. It is the audience of its callers' tokens, and the
    /// client id when it requests tokens itself.
    #[arg(long, env = "AZURE_API_CLIENT_ID", value_name = "ID", value_parser = parse_id)]
    pub client_id: String,
    /// The credential with which this API requests tokens.
    #[command(flatten)]
    pub credential: CredentialSettings,
    /// The services that receive each change.
    #[command(flatten)]
    pub downstream: DownstreamSettings,
    /// The database of the tasks.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// Request limits.
    #[command(flatten)]
    pub limits: RequestLimits,
    /// The issuer and gateway of callers.
    #[command(flatten)]
    pub guard: GuardSettings,
    /// Calls to other servers.
    #[command(flatten)]
    pub outbound: OutboundSettings,
    /// The settings that every program has.
    #[command(flatten)]
    pub common: CommonSettings,
}

/// The services that receive each change.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Downstream services")]
pub struct DownstreamSettings {
    /// Application id of the notification service.
    #[arg(long, env = "AZURE_NOTIFICATION_CLIENT_ID", value_name = "ID", value_parser = parse_id)]
    pub notification_client_id: String,
    /// URL of the notification service.
    #[arg(
        long,
        env = "NOTIFICATION_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8001"
    )]
    pub notification_url: Url,
    /// Application id of the audit service.
    #[arg(long, env = "AZURE_AUDIT_CLIENT_ID", value_name = "ID", value_parser = parse_id)]
    pub audit_client_id: String,
    /// URL of the audit service.
    #[arg(
        long,
        env = "AUDIT_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8002"
    )]
    pub audit_url: Url,
    /// Maximum time that a change waits for both services together. Slower services receive the
    /// change later.
    #[arg(
        long,
        env = "DOWNSTREAM_TIMEOUT",
        value_name = "TIME",
        default_value = "2s",
        value_parser = humantime::parse_duration
    )]
    pub downstream_timeout: Duration,
}

impl Settings {
    /// The application as which this API requests tokens.
    pub(crate) fn application(&self) -> anyhow::Result<Application> {
        Ok(Application {
            authority: self.guard.authority().clone(),
            home_tenant: self.guard.home_tenant().to_owned(),
            client_id: self.client_id.clone(),
            credential: self
                .credential
                .credential()
                .context("--client-secret: give exactly one credential")?,
        })
    }
}

impl portcullis_runtime::Settings for Settings {
    const OPERATIONS_ADDRESS: &'static str = "127.0.0.1:9100";

    fn common(&self) -> &CommonSettings {
        &self.common
    }

    fn contradictions(&self) -> Vec<String> {
        let mut found = self.guard.contradictions();
        found.extend(
            self.credential
                .contradictions(&self.client_id, self.guard.home_tenant()),
        );
        let ids = [
            ("--client-id", &self.client_id),
            (
                "--notification-client-id",
                &self.downstream.notification_client_id,
            ),
            ("--audit-client-id", &self.downstream.audit_client_id),
        ];
        found.extend(
            ids.iter()
                .filter_map(|(flag, id)| id_contradiction(flag, id)),
        );
        let urls = [
            ("--notification-url", &self.downstream.notification_url),
            ("--audit-url", &self.downstream.audit_url),
        ];
        found.extend(
            urls.iter()
                .filter(|(_, url)| !is_http(url))
                .map(|(flag, url)| format!("{flag} {url}: is not an http or https URL")),
        );
        found
    }
}

fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
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
