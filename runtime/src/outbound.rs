//! The one HTTP client that programs make calls with: verified TLS, deadlines, no silent redirects.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;

use crate::{InvalidSettings, warn_of_expired_certificates};

/// Settings of every outgoing call.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Outgoing calls")]
pub struct OutboundSettings {
    /// File of PEM certificates to trust beside the system's, for an issuer behind a private
    /// authority.
    #[arg(long = "extra-ca", env = "EXTRA_CA_FILE", value_name = "FILE")]
    pub extra_ca: Option<PathBuf>,
    /// Longest time for connecting to another server.
    #[arg(long, env = "CONNECT_TIMEOUT", value_name = "TIME", default_value = "2s", value_parser = humantime::parse_duration)]
    pub connect_timeout: Duration,
    /// Longest time for one outgoing call, from connecting to the last byte.
    #[arg(long, env = "CALL_TIMEOUT", value_name = "TIME", default_value = "5s", value_parser = humantime::parse_duration)]
    pub call_timeout: Duration,
}

/// Builds the client. It follows no redirect: a key document that moved to another host must be
/// configured, not believed.
pub fn http_client(settings: &OutboundSettings) -> anyhow::Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(settings.connect_timeout)
        .timeout(settings.call_timeout);
    if let Some(file) = &settings.extra_ca {
        let certificates = certificates(file).map_err(|problem| {
            InvalidSettings(vec![format!(
                "--extra-ca {}: {problem}; give a PEM file of certificates",
                file.display()
            )])
        })?;
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().context("building the HTTP client")
}

fn certificates(file: &Path) -> Result<Vec<reqwest::Certificate>, String> {
    let pem = std::fs::read(file).map_err(|error| format!("cannot be read: {error}"))?;
    let certificates = reqwest::Certificate::from_pem_bundle(&pem).unwrap_or_default();
    if certificates.is_empty() {
        return Err("holds no certificate (BEGIN CERTIFICATE)".to_owned());
    }
    warn_of_expired_certificates("--extra-ca", file, &pem);
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{OutboundSettings, http_client};
    use crate::InvalidSettings;

    #[test]
    fn extra_ca_that_holds_no_certificate_is_an_error_of_settings() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        for (name, content, part) in [
            ("absent", None, "cannot be read"),
            ("empty", Some(""), "holds no certificate"),
            ("text", Some("nonsense"), "holds no certificate"),
            (
                "cut",
                Some("-----BEGIN CERTIFICATE-----\nAAAA"),
                "holds no certificate",
            ),
        ] {
            if let Some(content) = content {
                std::fs::write(&file, content).unwrap();
            }
            let second = Duration::from_secs(1);
            let extra_ca = Some(file.clone());
            let settings = OutboundSettings {
                extra_ca,
                connect_timeout: second,
                call_timeout: second,
            };
            let error = http_client(&settings).unwrap_err();
            let text = error.to_string();
            assert!(
                error.is::<InvalidSettings>()
                    && text.starts_with("--extra-ca ")
                    && text.contains(part),
                "{name}: {text}"
            );
        }
    }
}
