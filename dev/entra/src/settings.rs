//! The flags of `dev-entra`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::ArgPredicate;
use portcullis_runtime::{CommonSettings, OutboundSettings};
use rustls::pki_types::ServerName;

use crate::authority::Authority;
use crate::print_env::ClientFamily;

/// An imitation of Microsoft Entra ID for development and tests.
///
/// Every client that reaches it can obtain a token for every user in its directory. Nothing that
/// matters may trust its keys.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "dev-entra", version)]
pub struct Settings {
    /// Serve HTTPS on this address; port 0 takes a free one.
    #[arg(
        long,
        env = "DEV_ENTRA_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8443"
    )]
    pub(crate) listen: SocketAddr,
    /// Read tenants, users and applications from this YAML file.
    #[arg(
        long,
        env = "DEV_ENTRA_DIRECTORY",
        value_name = "FILE",
        required = false,
        required_unless_present = "print_env",
        default_value_if("print_env", ArgPredicate::IsPresent, "directory.yaml")
    )]
    pub(crate) directory: PathBuf,
    /// Keep the certificate authority, signing keys, sessions, refresh tokens and consents in this
    /// directory, and write `ca.pem`, which clients must trust [default: .portcullis/entra, or none
    /// with --certificate].
    #[arg(long, env = "DEV_ENTRA_STATE", value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Add this DNS name or IP address of the server to its certificate (repeatable).
    #[arg(
        long = "name",
        env = "DEV_ENTRA_NAMES",
        value_name = "NAME",
        value_delimiter = ',',
        value_parser = server_name
    )]
    pub(crate) names: Vec<ServerName<'static>>,
    /// Serve this certificate, a PEM file with its intermediate certificates, instead of one of
    /// dev-entra's own authority.
    #[arg(
        long,
        env = "DEV_ENTRA_CERTIFICATE",
        value_name = "FILE",
        requires = "certificate_key"
    )]
    pub(crate) certificate: Option<PathBuf>,
    /// Use this private key for `--certificate`, a PEM file.
    #[arg(
        long,
        env = "DEV_ENTRA_CERTIFICATE_KEY",
        value_name = "FILE",
        requires = "certificate"
    )]
    pub(crate) certificate_key: Option<PathBuf>,
    /// Use this URL in issuers and metadata, for every client [default: https://localhost and the
    /// bound port].
    #[arg(long, env = "DEV_ENTRA_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<Authority>,
    /// Issue tokens with this lifetime.
    #[arg(
        long,
        env = "DEV_ENTRA_TOKENS_LIVE",
        value_name = "TIME",
        default_value = "60m",
        value_parser = humantime::parse_duration
    )]
    pub(crate) tokens_live: Duration,
    /// Make a change by Microsoft Graph visible to reads and tokens only after this time.
    #[arg(
        long,
        env = "DEV_ENTRA_GRAPH_REPLICATION_DELAY",
        value_name = "TIME",
        default_value = "0s",
        value_parser = humantime::parse_duration
    )]
    pub(crate) graph_replication_delay: Duration,
    /// Print the JSON Schema of the directory file, and exit.
    // main looks for it before the other flags, because they need a directory.
    #[arg(long)]
    pub(crate) print_schema: bool,
    /// Allow a `--listen` address that other machines can reach.
    #[arg(long)]
    pub(crate) listen_beyond_loopback_exposes_forged_identities: bool,
    /// Print the settings that a client library needs for this server as shell commands, and exit.
    #[arg(long, value_name = "CLIENT")]
    pub(crate) print_env: Option<ClientFamily>,
    /// Serve the endpoints for tests on this address, over HTTP: they sign tokens, rotate keys, and
    /// set errors, delays and the clock [default: not served].
    #[arg(long, env = "DEV_ENTRA_ADMIN_LISTEN", value_name = "ADDRESS")]
    pub(crate) admin_listen: Option<SocketAddr>,
    /// Allow --admin-listen on an address that other machines reach.
    #[arg(long)]
    pub(crate) admin_allow_remote: bool,
    /// How to fetch the keys of issuers of federated credentials.
    #[command(flatten)]
    pub(crate) outbound: OutboundSettings,
    /// Settings of every program.
    #[command(flatten)]
    pub(crate) common: CommonSettings,
}

impl Settings {
    /// The state directory. With `--certificate` there is none by default, because containers that
    /// get a certificate have read-only file systems.
    pub(crate) fn state(&self) -> Option<PathBuf> {
        let default = || PathBuf::from(".portcullis/entra");
        let is_kept = self.certificate.is_none();
        self.state.clone().or_else(|| is_kept.then(default))
    }
}

impl portcullis_runtime::Settings for Settings {
    const OPERATIONS_ADDRESS: &'static str = "127.0.0.1:9103";

    fn common(&self) -> &CommonSettings {
        &self.common
    }

    fn contradictions(&self) -> Vec<String> {
        let is_exposed = |address: SocketAddr| !address.ip().to_canonical().is_loopback();
        let mut found = Vec::new();
        if is_exposed(self.listen) && !self.listen_beyond_loopback_exposes_forged_identities {
            found.push(format!(
                "--listen {}: other machines could obtain a token for every user; listen on \
                 127.0.0.1, or give --listen-beyond-loopback-exposes-forged-identities on a \
                 network where nothing trusts this server",
                self.listen
            ));
        }
        let has_free_port = self.listen.port() == 0 && self.public_url.is_none();
        if self.print_env.is_some() && has_free_port {
            found.push(
                "--print-env: the port is not known before the start; give --public-url, or a port \
                 in --listen"
                    .to_owned(),
            );
        }
        if let Some(address) = self.admin_listen
            && is_exposed(address)
            && !self.admin_allow_remote
        {
            found.push(format!(
                "--admin-listen {address}: other machines could sign any token; listen on \
                 127.0.0.1, or give --admin-allow-remote"
            ));
        }
        found
    }
}

fn server_name(text: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(text.to_owned())
        .map_err(|error| format!("{error}; give a DNS name or an IP address"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use portcullis_runtime::Settings as _;

    use super::Settings;

    /// Parses `arguments` with an operations address, which `run` supplies otherwise.
    fn parse(arguments: &str) -> Result<Settings, clap::Error> {
        let always = "dev-entra --operations-listen 127.0.0.1:0 --directory d.yaml";
        Settings::try_parse_from(format!("{always} {arguments}").split_whitespace())
    }

    #[test]
    fn listen_address_beyond_loopback_needs_its_flag() {
        let is_allowed = |arguments| parse(arguments).unwrap().contradictions().is_empty();
        for arguments in [
            "",
            "--listen [::1]:0",
            "--listen [::ffff:127.0.0.1]:0",
            "--listen 0.0.0.0:8443 --listen-beyond-loopback-exposes-forged-identities",
            "--admin-listen 127.0.0.1:0",
            "--admin-listen 0.0.0.0:0 --admin-allow-remote",
        ] {
            assert!(is_allowed(arguments), "{arguments}");
        }
        for arguments in [
            "--listen 0.0.0.0:8443",
            "--listen [::]:8443",
            "--listen 192.0.2.7:8443",
            "--admin-listen 0.0.0.0:0",
            "--admin-listen [::]:0 --listen-beyond-loopback-exposes-forged-identities",
        ] {
            assert!(!is_allowed(arguments), "{arguments}");
        }
    }

    #[test]
    fn print_env_needs_no_directory_but_a_port() {
        for (arguments, is_allowed) in [
            ("--print-env msal", true),
            (
                "--print-env msal --listen 127.0.0.1:0 --public-url https://entra.test",
                true,
            ),
            ("--print-env msal --listen 127.0.0.1:0", false),
        ] {
            let always = "dev-entra --operations-listen 127.0.0.1:0";
            let all = format!("{always} {arguments}");
            let settings = Settings::try_parse_from(all.split_whitespace()).unwrap();
            assert_eq!(
                settings.contradictions().is_empty(),
                is_allowed,
                "{arguments}"
            );
        }
        for arguments in ["", "--print-env curl"] {
            let always = "dev-entra --operations-listen 127.0.0.1:0";
            let all = format!("{always} {arguments}");
            assert!(
                Settings::try_parse_from(all.split_whitespace()).is_err(),
                "{arguments}"
            );
        }
    }

    #[test]
    fn settings_have_examples_for_their_errors() {
        let none: [&str; 0] = [];
        assert_eq!(
            portcullis_runtime::settings_without_example::<Settings>(),
            none
        );
    }

    #[test]
    fn names_are_dns_names_or_addresses() {
        for arguments in [
            "--name entra.dev.svc --name 10.0.0.7",
            "--name entra.dev.svc,entra",
        ] {
            assert!(parse(arguments).is_ok(), "{arguments}");
        }
        for arguments in ["--name https://entra", "--name not_a/name"] {
            assert!(parse(arguments).is_err(), "{arguments}");
        }
    }

    #[test]
    fn certificate_requires_its_key() {
        assert!(parse("--certificate tls.crt --certificate-key tls.key").is_ok());
        assert!(parse("--certificate tls.crt").is_err());
        assert!(parse("--certificate-key tls.key").is_err());
    }

    #[test]
    fn lifetimes_and_urls_are_checked() {
        assert_eq!(parse("").unwrap().tokens_live.as_secs(), 3600);
        assert!(parse("--tokens-live soon").is_err());
        assert!(parse("--graph-replication-delay 2s").is_ok());
        assert!(parse("--graph-replication-delay later").is_err());
        assert!(parse("--public-url http://localhost:8443").is_err());
    }
}
