//! The HTTP client of every program: verified TLS, deadlines, no redirects.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;

use crate::{InvalidSettings, warn_of_expired_certificates};

/// Settings of outgoing calls.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Outgoing calls")]
pub struct OutboundSettings {
    /// PEM file of certificates to trust in addition to the system's, for an issuer behind a
    /// private authority.
    #[arg(long = "extra-ca", env = "EXTRA_CA_FILE", value_name = "FILE")]
    pub extra_ca: Option<PathBuf>,
    /// Maximum time to connect to another server.
    #[arg(
        long,
        env = "CONNECT_TIMEOUT",
        value_name = "TIME",
        default_value = "2s",
        value_parser = humantime::parse_duration
    )]
    pub connect_timeout: Duration,
    /// Maximum time for one outgoing call, from connecting to the last byte.
    #[arg(
        long,
        env = "CALL_TIMEOUT",
        value_name = "TIME",
        default_value = "5s",
        value_parser = humantime::parse_duration
    )]
    pub call_timeout: Duration,
}

/// Builds the HTTP client.
///
/// It follows no redirect: if a key document moves to another host, an operator must configure the
/// new one.
pub fn http_client(settings: &OutboundSettings) -> anyhow::Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(settings.connect_timeout)
        .timeout(settings.call_timeout);
    if let Some(file) = &settings.extra_ca {
        let certificates = certificates(file).map_err(|cause| {
            InvalidSettings(vec![format!(
                "--extra-ca {}: {cause}; give a PEM file of certificates",
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
    fn extra_ca_without_certificate_is_invalid_setting() {
        struct Case {
            name: &'static str,
            content: Option<&'static str>,
            part: &'static str,
        }

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        for Case {
            name,
            content,
            part,
        } in [
            Case {
                name: "absent",
                content: None,
                part: "cannot be read",
            },
            Case {
                name: "empty",
                content: Some(""),
                part: "holds no certificate",
            },
            Case {
                name: "text",
                content: Some("nonsense"),
                part: "holds no certificate",
            },
            Case {
                name: "cut",
                content: Some("-----BEGIN CERTIFICATE-----\nAAAA"),
                part: "holds no certificate",
            },
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
