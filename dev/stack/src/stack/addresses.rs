//! The addresses and files of a running stack.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::Stack;
use crate::layout::{assertion_keys, http};
use crate::ports::AuthzPorts;
use crate::ports_of_programs::{ProgramPort, Speaks, of_program};
use crate::service::Service;

impl Stack {
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

    /// The gRPC address of the first authz server: `unix:PATH`, or a URL if it listens on TCP.
    #[must_use]
    pub fn authz(&self) -> String {
        self.layout.checks(self.first_authz()).url()
    }

    /// The URL of the first authz server's assertion keys.
    #[must_use]
    pub fn assertion_keys(&self) -> String {
        assertion_keys(self.first_authz().keys)
    }

    /// The URL of the assertion keys of each authz server.
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

    /// The URL of the first authz server's operations.
    #[must_use]
    pub fn authz_operations(&self) -> String {
        http(self.first_authz().operations)
    }

    /// The URL of the first authz server's admin API.
    #[must_use]
    pub fn admin_api(&self) -> String {
        http(self.first_authz().admin)
    }

    /// The URL of the admin API of each authz server.
    #[must_use]
    pub fn admin_api_of_each(&self) -> Vec<String> {
        self.layout
            .ports
            .authz
            .iter()
            .map(|authz| http(authz.admin))
            .collect()
    }

    /// A service's own URL, which leads round the gateway.
    #[must_use]
    pub fn direct(&self, service: Service) -> String {
        http(self.layout.ports.traffic_of(service))
    }

    /// The URL of a service's operations.
    #[must_use]
    pub fn operations(&self, service: Service) -> String {
        http(self.layout.ports.operations_of(service))
    }

    /// The listening ports of the first authz server, of dev-entra and of the services.
    pub fn program_ports(&self) -> anyhow::Result<Vec<ProgramPort>> {
        let ports = &self.layout.ports;
        let authz = self.first_authz();
        let server = self
            .authz
            .first()
            .and_then(Option::as_ref)
            .context("portcullis is not running")?;
        let entra = self.entra.as_ref().context("dev-entra is not running")?;
        let mut all: Vec<ProgramPort> = Vec::new();
        let checks = ("checks", authz.checks, Speaks::Grpc);
        let keys = ("keys", authz.keys, Speaks::Http("/.well-known/jwks.json"));
        let admin = ("administration", authz.admin, Speaks::Http("/status"));
        all.extend(of_program(
            ("portcullis", server.process()?),
            authz.operations,
            [checks, keys, admin],
        ));
        let traffic = ("traffic", ports.entra, Speaks::Https("/"));
        let admin = (
            "admin",
            ports.admin_of_entra,
            Speaks::Http("/dev/directory"),
        );
        all.extend(of_program(
            ("dev-entra", entra.process()?),
            ports.operations_of_entra(),
            [traffic, admin],
        ));
        for service in Service::ALL {
            let program = self
                .services
                .iter()
                .find(|program| program.spec().name == service.name());
            let process = program
                .with_context(|| format!("{} is not running", service.name()))?
                .process()?;
            let traffic = (
                "traffic",
                ports.traffic_of(service),
                Speaks::Http("/health"),
            );
            all.extend(of_program(
                (service.name(), process),
                ports.operations_of(service),
                [traffic],
            ));
        }
        Ok(all)
    }

    /// The folder of state and logs.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.layout.state
    }

    /// The folder of the MAC keys that upstreams share with the authz servers.
    #[must_use]
    pub fn mac_key_folder(&self) -> PathBuf {
        self.layout.mac_key_folder()
    }

    /// The certificate of dev-entra's certificate authority, a PEM file.
    #[must_use]
    pub fn certificate_authority(&self) -> PathBuf {
        self.layout.certificate_authority()
    }
}
