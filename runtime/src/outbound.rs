//! The one HTTP client that programs make calls with: verified TLS, deadlines, no silent redirects.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;

/// Settings of every outgoing call.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Outgoing calls")]
pub struct OutboundSettings {
    /// File of PEM certificates to trust beside the system's, for an issuer behind a private authority.
    #[arg(long = "extra-ca", env = "EXTRA_CA_FILE", value_name = "FILE")]
    pub extra_ca: Option<PathBuf>,
    /// Longest time for connecting to another server.
    #[arg(long, env = "CONNECT_TIMEOUT", value_name = "TIME", default_value = "2s", value_parser = humantime::parse_duration)]
    pub connect_timeout: Duration,
    /// Longest time for one outgoing call, from connecting to the last byte.
    #[arg(long, env = "CALL_TIMEOUT", value_name = "TIME", default_value = "5s", value_parser = humantime::parse_duration)]
    pub call_timeout: Duration,
}

/// Builds the client. It follows no redirect: a key document that moved to another host must be configured, not believed.
pub fn http_client(settings: &OutboundSettings) -> anyhow::Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(settings.connect_timeout)
        .timeout(settings.call_timeout);
    if let Some(file) = &settings.extra_ca {
        let path = file.display();
        let pem = std::fs::read(file)
            .with_context(|| format!("--extra-ca {path}: cannot be read; give a PEM file of certificates"))?;
        let certificates = reqwest::Certificate::from_pem_bundle(&pem)
            .with_context(|| format!("--extra-ca {path}: is not a PEM file of certificates"))?;
        anyhow::ensure!(!certificates.is_empty(), "--extra-ca {path}: holds no certificate");
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().context("building the HTTP client")
}
