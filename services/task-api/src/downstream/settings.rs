use std::time::Duration;

use portcullis_guard::{id_contradiction, parse_id};
use url::Url;

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

impl DownstreamSettings {
    /// The errors in these settings together, each with the flag to change.
    pub(crate) fn contradictions(&self) -> Vec<String> {
        let ids = [
            ("--notification-client-id", &self.notification_client_id),
            ("--audit-client-id", &self.audit_client_id),
        ];
        let urls = [
            ("--notification-url", &self.notification_url),
            ("--audit-url", &self.audit_url),
        ];
        let ids = ids
            .into_iter()
            .filter_map(|(flag, id)| id_contradiction(flag, id));
        let urls = urls
            .into_iter()
            .filter(|(_, url)| !matches!(url.scheme(), "http" | "https"))
            .map(|(flag, url)| format!("{flag} {url}: is not an http or https URL"));
        ids.chain(urls).collect()
    }
}
