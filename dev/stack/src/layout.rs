use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::checks::Checks;
use crate::keys::{assertion_key, mac_key};
use crate::ports::{AuthzPorts, Ports};
use crate::service::Service;
use crate::stack_options::StackOptions;

/// The folder of the repository.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The state folder, the ports, and what follows from them.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) state: PathBuf,
    pub(crate) ports: Ports,
    /// Whether Envoy reaches the authz server over a Unix socket, as in one pod.
    pub(crate) beside_envoy: bool,
}

impl Layout {
    pub(crate) fn authority(&self) -> String {
        format!("https://localhost:{}", self.ports.entra)
    }

    /// The origin of dev-entra's endpoints for tests.
    pub(crate) fn admin_of_entra(&self) -> String {
        http(self.ports.admin_of_entra)
    }

    pub(crate) fn certificate_authority(&self) -> PathBuf {
        self.state.join("entra/ca.pem")
    }

    /// Writes the files that all authz servers share: the sample policies with the port of this
    /// stack's issuer, and the keys of assertions.
    pub(crate) fn prepare_authz(&self, options: &StackOptions) -> anyhow::Result<()> {
        let source = Path::new(ROOT).join("examples/policies/task-suite.yaml");
        let text = std::fs::read_to_string(&source)
            .with_context(|| format!("{}: cannot be read", source.display()))?;
        let text = (options.policies)(&text.replace("https://localhost:8443", &self.authority()));
        std::fs::write(self.policies(), text)?;
        std::fs::write(self.assertion_key(), assertion_key()?)?;
        std::fs::create_dir_all(self.mac_key_folder())?;
        std::fs::write(self.mac_key_file(), mac_key()?)?;
        Ok(())
    }

    pub(crate) fn policies(&self) -> PathBuf {
        self.state.join("policy.yaml")
    }

    /// Where the authz server with `ports` takes CheckRequests.
    pub(crate) fn checks(&self, ports: AuthzPorts) -> Checks {
        let port = ports.checks;
        if self.beside_envoy {
            Checks::socket_or(self.state.join("authz.sock"), port)
        } else {
            Checks::Port(port)
        }
    }

    pub(crate) fn assertion_key(&self) -> PathBuf {
        self.state.join("assertion-key.pem")
    }

    /// The folder with one file for each upstream that shares a MAC key.
    pub(crate) fn mac_key_folder(&self) -> PathBuf {
        self.state.join("assertion-mac-keys")
    }

    /// The MAC key of the task API. The other services fetch public keys, so that the stack shows
    /// both kinds of assertion.
    pub(crate) fn mac_key_file(&self) -> PathBuf {
        self.mac_key_folder().join(Service::TaskApi.name())
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.state.join(format!("{name}.log"))
    }
}

pub(crate) fn local(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

pub(crate) fn http(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

pub(crate) fn assertion_keys(port: u16) -> String {
    format!("{}/.well-known/jwks.json", http(port))
}
