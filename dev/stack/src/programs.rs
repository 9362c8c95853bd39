//! The command line of each process.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::directory::{AUDIT, CONTOSO, NOTIFICATION, TASK_API, TASK_API_CLIENT};
use crate::ports::PortChoice;
use crate::program::ProgramSpec;
use crate::{binaries, envoy};

/// Who may call the two services behind it.
const CALLED_BY_THE_TASK_API: [&str; 2] = ["--allowed-applications", TASK_API];
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Where everything listens. Services listen twice: for traffic and for operations.
#[derive(Clone, Debug)]
pub(crate) struct Ports {
    pub(crate) entra: u16,
    pub(crate) authz: u16,
    pub(crate) keys: u16,
    pub(crate) administration: u16,
    pub(crate) task_api: u16,
    pub(crate) notification: u16,
    pub(crate) audit: u16,
    pub(crate) gateway: u16,
    pub(crate) admin: u16,
    operations: [u16; 5],
}

impl Ports {
    pub(crate) fn pick(choice: PortChoice) -> anyhow::Result<Self> {
        let pick = |usual| choice.pick(usual);
        Ok(Self {
            entra: pick(8443)?,
            authz: pick(9000)?,
            keys: pick(9001)?,
            administration: pick(9002)?,
            task_api: pick(8000)?,
            notification: pick(8001)?,
            audit: pick(8002)?,
            gateway: pick(8080)?,
            admin: pick(9901)?,
            operations: [pick(9100)?, pick(9101)?, pick(9102)?, pick(9103)?, pick(9104)?],
        })
    }

    pub(crate) fn authz_operations(&self) -> u16 {
        let [.., operations] = self.operations;
        operations
    }
}

/// Where everything lies.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) state: PathBuf,
    pub(crate) ports: Ports,
}

impl Layout {
    pub(crate) fn authority(&self) -> String {
        format!("https://localhost:{}", self.ports.entra)
    }

    pub(crate) fn certificate_authority(&self) -> PathBuf {
        self.state.join("entra/ca.pem")
    }

    pub(crate) fn entra(&self) -> anyhow::Result<ProgramSpec> {
        let [.., operations, _] = self.ports.operations;
        let directory = format!("{ROOT}/dev/entra/directory.yaml");
        let state = self.state.join("entra").display().to_string();
        let listen = local(self.ports.entra);
        self.program("dev-entra", operations, &["--listen", &listen, "--directory", &directory, "--state", &state])
    }

    /// The sample policies, with the port of this stack's issuer.
    pub(crate) fn authz(&self) -> anyhow::Result<ProgramSpec> {
        let operations = self.ports.authz_operations();
        let source = Path::new(ROOT).join("dev/stack/policy.yaml");
        let text = std::fs::read_to_string(&source).with_context(|| format!("{}: cannot be read", source.display()))?;
        let policy = self.state.join("policy.yaml");
        std::fs::write(&policy, text.replace("https://localhost:8443", &self.authority()))?;
        let (listen, keys) = (local(self.ports.authz), local(self.ports.keys));
        let administration = local(self.ports.administration);
        let key_store = self.state.join("keys");
        std::fs::create_dir_all(&key_store)?;
        let key_store = key_store.display().to_string();
        let ca = self.certificate_authority().display().to_string();
        let policy = policy.display().to_string();
        let arguments = [
            "--policy",
            &policy,
            "--listen",
            &listen,
            "--keys-listen",
            &keys,
            "--administration-listen",
            &administration,
            "--key-store",
            &key_store,
            "--extra-ca",
            &ca,
        ];
        let mut spec = self.program("portcullis", operations, &arguments)?;
        spec.arguments.insert(0, "serve".to_owned());
        Ok(spec)
    }

    pub(crate) fn task_api(&self) -> anyhow::Result<ProgramSpec> {
        let [operations, ..] = self.ports.operations;
        let (notification, audit) = (http(self.ports.notification), http(self.ports.audit));
        let arguments = [
            "--notification-client-id",
            NOTIFICATION,
            "--notification-url",
            &notification,
            "--audit-client-id",
            AUDIT,
            "--audit-url",
            &audit,
        ];
        let mut spec = self.service("task-api", TASK_API, self.ports.task_api, operations, &arguments)?;
        spec.environment.push(("AZURE_API_CLIENT_SECRET", TASK_API_CLIENT.secret.to_owned()));
        Ok(spec)
    }

    pub(crate) fn notification(&self) -> anyhow::Result<ProgramSpec> {
        let [_, operations, ..] = self.ports.operations;
        self.service("notification", NOTIFICATION, self.ports.notification, operations, &CALLED_BY_THE_TASK_API)
    }

    pub(crate) fn audit(&self) -> anyhow::Result<ProgramSpec> {
        let [_, _, operations, ..] = self.ports.operations;
        self.service("audit", AUDIT, self.ports.audit, operations, &CALLED_BY_THE_TASK_API)
    }

    pub(crate) fn envoy(&self, ports: envoy::EnvoyPorts) -> anyhow::Result<ProgramSpec> {
        let directory = self.state.join("envoy");
        envoy::write_configuration(&directory, ports)?;
        // One worker is plenty for one machine; without a fixed id two Envoys would share memory for hot restarts.
        let arguments =
            ["-c", "bootstrap.yaml", "--concurrency", "1", "--use-dynamic-base-id", "--log-level", "warning"];
        Ok(ProgramSpec {
            name: "envoy",
            binary: binaries::envoy()?,
            arguments: arguments.map(str::to_owned).into(),
            environment: Vec::new(),
            directory,
            log: self.log("envoy"),
            ready_url: format!("{}/ready", http(ports.admin)),
        })
    }

    fn service(
        &self,
        name: &'static str,
        client_id: &str,
        port: u16,
        operations: u16,
        more: &[&str],
    ) -> anyhow::Result<ProgramSpec> {
        let (listen, keys) = (local(port), format!("{}/.well-known/jwks.json", http(self.ports.keys)));
        let data = self.state.join(name).display().to_string();
        let (authority, ca) = (self.authority(), self.certificate_authority().display().to_string());
        let common = [
            "--listen",
            &listen,
            "--data-dir",
            &data,
            "--client-id",
            client_id,
            "--home-tenant",
            CONTOSO,
            "--authority",
            &authority,
            "--extra-ca",
            &ca,
            "--gateway-keys",
            &keys,
            "--trust-gateway",
        ];
        self.program(name, operations, &[&common, more].concat())
    }

    fn program(&self, name: &'static str, operations: u16, arguments: &[&str]) -> anyhow::Result<ProgramSpec> {
        let operations_listen = local(operations);
        let operations_arguments = ["--operations-listen", &operations_listen];
        Ok(ProgramSpec {
            name,
            binary: binaries::path(name)?,
            arguments: arguments.iter().chain(&operations_arguments).map(|argument| (*argument).to_owned()).collect(),
            environment: Vec::new(),
            directory: self.state.clone(),
            log: self.log(name),
            ready_url: format!("{}/readyz", http(operations)),
        })
    }

    fn log(&self, name: &str) -> PathBuf {
        self.state.join(format!("{name}.log"))
    }
}

fn local(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

pub(crate) fn http(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
