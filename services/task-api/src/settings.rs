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
#[command(name = "task-api", version, about = "Tasks of a user, kept per tenant")]
pub struct Settings {
    /// Where requests are served.
    #[arg(
        long,
        env = "LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8000"
    )]
    pub listen: SocketAddr,
    /// Application id of this API in Entra: the audience of its callers' tokens, and who it is when
    /// it calls others.
    #[arg(long, env = "AZURE_API_CLIENT_ID", value_name = "ID", value_parser = parse_id)]
    pub client_id: String,
    /// What proves that it is this API that asks for tokens.
    #[command(flatten)]
    pub credential: CredentialSettings,
    /// The services that hear of each change.
    #[command(flatten)]
    pub downstream: DownstreamSettings,
    /// Where tasks are kept.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// How much is in hand at once.
    #[command(flatten)]
    pub limits: RequestLimits,
    /// Who may call.
    #[command(flatten)]
    pub guard: GuardSettings,
    /// How other servers are called.
    #[command(flatten)]
    pub outbound: OutboundSettings,
    /// What every program has.
    #[command(flatten)]
    pub common: CommonSettings,
}

/// The services that hear of each change.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Downstream services")]
pub struct DownstreamSettings {
    /// Application id of the notification service.
    #[arg(long, env = "AZURE_NOTIFICATION_CLIENT_ID", value_name = "ID", value_parser = parse_id)]
    pub notification_client_id: String,
    /// Where the notification service is.
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
    /// Where the audit service is.
    #[arg(
        long,
        env = "AUDIT_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8002"
    )]
    pub audit_url: Url,
    /// Longest time that a change waits for both services together; it succeeds without them, and
    /// they hear of it later.
    #[arg(long, env = "DOWNSTREAM_TIMEOUT", value_name = "TIME", default_value = "2s", value_parser = humantime::parse_duration)]
    pub downstream_timeout: Duration,
}

impl Settings {
    /// Who this API is when it asks for tokens.
    pub(crate) fn application(&self) -> anyhow::Result<Application> {
        Ok(Application {
            authority: self.guard.authority().clone(),
            home_tenant: self.guard.home_tenant().to_owned(),
            client_id: self.client_id.clone(),
            credential: self
                .credential
                .credential()
                .context("--client-secret: not exactly one credential is given")?,
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
    fn no_two_settings_share_a_flag_or_an_id() {
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
