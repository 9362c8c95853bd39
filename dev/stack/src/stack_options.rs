use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

use crate::program::ProgramSpec;

/// Changes that a test makes to a stack before it starts.
pub struct StackOptions {
    pub(crate) authz_instances: usize,
    pub(crate) beside_envoy: bool,
    pub(crate) authz_arguments: Vec<String>,
    pub(crate) environment: Vec<(&'static str, String)>,
    pub(crate) entra_environment: Vec<(&'static str, String)>,
    pub(crate) policies: Box<dyn Fn(&str) -> String + Send + Sync>,
    pub(crate) envoy_options: Vec<&'static str>,
    pub(crate) envoy: ChangeOfEnvoy,
}

type ChangeOfEnvoy = Box<dyn Fn(&mut EnvoyFiles) -> anyhow::Result<()> + Send + Sync>;

/// The gateway's configuration files with the ports of the stack.
#[derive(Debug)]
pub struct EnvoyFiles {
    /// `listeners.yaml`.
    pub listeners: Value,
    /// `routes.yaml`.
    pub routes: Value,
    /// `clusters.yaml`.
    pub clusters: Value,
    /// Folder of the certificates, relative to Envoy's folder.
    pub certificates: PathBuf,
}

impl Default for StackOptions {
    fn default() -> Self {
        Self {
            authz_instances: 1,
            beside_envoy: true,
            authz_arguments: Vec::new(),
            environment: Vec::new(),
            entra_environment: Vec::new(),
            policies: Box::new(str::to_owned),
            envoy_options: Vec::new(),
            envoy: Box::new(|_| Ok(())),
        }
    }
}

impl StackOptions {
    /// Starts this many authz servers, which sign with one key.
    #[must_use]
    pub fn authz_instances(self, authz_instances: usize) -> Self {
        Self {
            authz_instances,
            beside_envoy: false,
            ..self
        }
    }

    /// Lets Envoy reach the authz server over TCP, as on another machine.
    #[must_use]
    pub fn authz_elsewhere(self) -> Self {
        Self {
            beside_envoy: false,
            ..self
        }
    }

    /// Sets further arguments of each authz server.
    #[must_use]
    pub fn authz_arguments(self, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            authz_arguments: arguments.into_iter().map(Into::into).collect(),
            ..self
        }
    }

    /// Sets a variable in the environment of the authz servers and the services.
    #[must_use]
    pub fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Sets a variable in the environment of the authz servers, the services and dev-entra.
    #[must_use]
    pub fn variable_everywhere(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        self.entra_environment.push((name, value.clone()));
        self.variable(name, value)
    }

    pub(crate) fn applied_to_entra(&self, mut spec: ProgramSpec) -> ProgramSpec {
        spec.environment
            .extend(self.entra_environment.iter().cloned());
        spec
    }

    pub(crate) fn applied(&self, mut spec: ProgramSpec) -> ProgramSpec {
        spec.environment.extend(self.environment.iter().cloned());
        spec
    }

    /// Changes the sample policies.
    #[must_use]
    pub fn policies(self, change: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self {
            policies: Box::new(change),
            ..self
        }
    }

    /// Sets the options of `envoy/with`, which writes Envoy's configuration.
    #[must_use]
    pub fn envoy_options(self, options: impl IntoIterator<Item = &'static str>) -> Self {
        Self {
            envoy_options: options.into_iter().collect(),
            ..self
        }
    }

    /// Changes the gateway's configuration files.
    #[must_use]
    pub fn envoy(
        self,
        change: impl Fn(&mut EnvoyFiles) -> anyhow::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self {
            envoy: Box::new(change),
            ..self
        }
    }
}

/// Removes the rate limits from the policies, for tests that send many requests.
#[must_use]
pub fn without_rate_limits(policies: &str) -> String {
    policies
        .lines()
        .filter(|line| !line.contains("rateLimit:"))
        .flat_map(|line| [line, "\n"])
        .collect()
}

impl fmt::Debug for StackOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            authz_instances,
            authz_arguments,
            envoy_options,
            ..
        } = self;
        formatter
            .debug_struct("StackOptions")
            .field("authz_instances", authz_instances)
            .field("authz_arguments", authz_arguments)
            .field("envoy_options", envoy_options)
            .finish_non_exhaustive()
    }
}
