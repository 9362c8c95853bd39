//! The command line of each process.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use aws_lc_rs::rand;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Service;
use crate::checks::Checks;
use crate::directory::{AUDIT, CONTOSO, NOTIFICATION, TASK_API, TASK_API_CLIENT};
use crate::envoy::EnvoyPorts;
use crate::ports::PortChoice;
use crate::program::ProgramSpec;
use crate::stack_options::StackOptions;
use crate::{binaries, envoy};

/// Only the task API may call the notification and audit services.
const CALLED_BY_THE_TASK_API: [&str; 2] = ["--allowed-applications", TASK_API];
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The ports of all programs. A service has one for traffic and one for operations.
#[derive(Clone, Debug)]
pub(crate) struct Ports {
    pub(crate) entra: u16,
    /// The first one serves keys and the admin API to tests.
    pub(crate) authz: Vec<AuthzPorts>,
    pub(crate) task_api: u16,
    pub(crate) notification: u16,
    pub(crate) audit: u16,
    pub(crate) gateway: u16,
    pub(crate) admin: u16,
    operations: [u16; 4],
}

/// The ports of one authz server.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AuthzPorts {
    pub(crate) checks: u16,
    pub(crate) keys: u16,
    pub(crate) admin: u16,
    pub(crate) operations: u16,
}

impl AuthzPorts {
    fn pick(choice: PortChoice) -> anyhow::Result<Self> {
        let pick = |usual| choice.pick(usual);
        Ok(Self {
            checks: pick(9000)?,
            keys: pick(9001)?,
            admin: pick(9002)?,
            operations: pick(9104)?,
        })
    }
}

impl Ports {
    pub(crate) fn pick(choice: PortChoice, authz_instances: usize) -> anyhow::Result<Self> {
        let pick = |usual| choice.pick(usual);
        Ok(Self {
            entra: pick(8443)?,
            authz: (0..authz_instances)
                .map(|_| AuthzPorts::pick(choice))
                .collect::<anyhow::Result<_>>()?,
            task_api: pick(8000)?,
            notification: pick(8001)?,
            audit: pick(8002)?,
            gateway: pick(8080)?,
            admin: pick(9901)?,
            operations: [pick(9100)?, pick(9101)?, pick(9102)?, pick(9103)?],
        })
    }

    pub(crate) fn operations_of_entra(&self) -> u16 {
        let [.., entra] = self.operations;
        entra
    }

    pub(crate) fn operations_of(&self, service: Service) -> u16 {
        let [task_api, notification, audit, _] = self.operations;
        match service {
            Service::TaskApi => task_api,
            Service::Notification => notification,
            Service::Audit => audit,
        }
    }

    /// The authz server that serves keys and the admin API to tests.
    pub(crate) fn first_authz(&self) -> anyhow::Result<AuthzPorts> {
        self.authz
            .first()
            .copied()
            .context("a stack has an authz server")
    }
}

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

    pub(crate) fn certificate_authority(&self) -> PathBuf {
        self.state.join("entra/ca.pem")
    }

    pub(crate) fn entra(&self) -> anyhow::Result<ProgramSpec> {
        let [.., operations] = self.ports.operations;
        let directory = format!("{ROOT}/dev/entra/directory.yaml");
        let state = self.state.join("entra").display().to_string();
        let listen = local(self.ports.entra);
        self.program(
            "dev-entra",
            operations,
            &[
                "--listen",
                &listen,
                "--directory",
                &directory,
                "--state",
                &state,
            ],
        )
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
    fn mac_key_file(&self) -> PathBuf {
        self.mac_key_folder().join(Service::TaskApi.name())
    }

    /// One authz server. Several share an assertion key; a single one makes its own at each start.
    pub(crate) fn authz(
        &self,
        ports: AuthzPorts,
        options: &StackOptions,
    ) -> anyhow::Result<ProgramSpec> {
        let key_store = self.state.join("keys");
        std::fs::create_dir_all(&key_store)?;
        let text = |path: PathBuf| path.display().to_string();
        let mut arguments = vec![
            ("--policy", text(self.policies())),
            ("--listen", self.checks(ports).listen()),
            ("--keys-listen", local(ports.keys)),
            ("--admin-listen", local(ports.admin)),
            ("--key-store", text(key_store)),
            ("--extra-ca", text(self.certificate_authority())),
            ("--assertion-mac-keys", text(self.mac_key_folder())),
        ];
        if options.authz_instances > 1 {
            arguments.push(("--assertion-key", text(self.assertion_key())));
        }
        let arguments: Vec<&str> = arguments
            .iter()
            .flat_map(|(flag, value)| [*flag, value.as_str()])
            .collect();
        let mut spec = self.program("portcullis", ports.operations, &arguments)?;
        spec.log = self.log(&format!("portcullis-{}", ports.checks));
        spec.arguments.insert(0, "serve".to_owned());
        spec.arguments
            .extend(options.authz_arguments.iter().cloned());
        Ok(options.applied(spec))
    }

    pub(crate) fn task_api(&self) -> anyhow::Result<ProgramSpec> {
        let [operations, ..] = self.ports.operations;
        let notification = http(self.ports.notification);
        let audit = http(self.ports.audit);
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
        let mut spec = self.service(
            "task-api",
            TASK_API,
            self.ports.task_api,
            operations,
            &arguments,
        )?;
        spec.environment
            .push(("AZURE_API_CLIENT_SECRET", TASK_API_CLIENT.secret.to_owned()));
        Ok(spec)
    }

    pub(crate) fn notification(&self) -> anyhow::Result<ProgramSpec> {
        let [_, operations, ..] = self.ports.operations;
        self.service(
            "notification",
            NOTIFICATION,
            self.ports.notification,
            operations,
            &CALLED_BY_THE_TASK_API,
        )
    }

    pub(crate) fn audit(&self) -> anyhow::Result<ProgramSpec> {
        let [_, _, operations, ..] = self.ports.operations;
        self.service(
            "audit",
            AUDIT,
            self.ports.audit,
            operations,
            &CALLED_BY_THE_TASK_API,
        )
    }

    pub(crate) fn envoy(
        &self,
        ports: &EnvoyPorts,
        options: &StackOptions,
    ) -> anyhow::Result<ProgramSpec> {
        self.envoy_with(ports, options, |_| Ok(()))
    }

    /// [`Layout::envoy`] with configuration files that `change` may edit.
    pub(crate) fn envoy_with(
        &self,
        ports: &EnvoyPorts,
        options: &StackOptions,
        change: impl FnOnce(&Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<ProgramSpec> {
        let directory = self.state.join("envoy");
        envoy::write_configuration(&directory, ports, options)?;
        change(&directory)?;
        // One worker is plenty for one machine. The base id says whose shared memory a hot restart
        // takes over: that of the Envoy on this port.
        let base_id = ports.gateway.to_string();
        let arguments = [
            "-c",
            "bootstrap.yaml",
            "--concurrency",
            "1",
            "--log-level",
            "warning",
            "--base-id",
            &base_id,
        ];
        let drain = [
            "--drain-time-s",
            "2",
            "--parent-shutdown-time-s",
            "4",
            "--restart-epoch",
            "0",
        ];
        Ok(ProgramSpec {
            name: "envoy",
            binary: binaries::envoy()?,
            arguments: arguments
                .iter()
                .chain(&drain)
                .map(|argument| (*argument).to_owned())
                .collect(),
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
        let listen = local(port);
        let (keys_flag, keys) = if name == Service::TaskApi.name() {
            (
                "--gateway-mac-key",
                self.mac_key_file().display().to_string(),
            )
        } else {
            (
                "--gateway-keys",
                assertion_keys(self.ports.first_authz()?.keys),
            )
        };
        let data = self.state.join(name).display().to_string();
        let authority = self.authority();
        let ca = self.certificate_authority().display().to_string();
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
            keys_flag,
            &keys,
            "--trust-gateway",
        ];
        self.program(name, operations, &[&common, more].concat())
    }

    fn program(
        &self,
        name: &'static str,
        operations: u16,
        arguments: &[&str],
    ) -> anyhow::Result<ProgramSpec> {
        let operations_listen = local(operations);
        let operations_arguments = ["--operations-listen", &operations_listen];
        Ok(ProgramSpec {
            name,
            binary: binaries::path(name)?,
            arguments: arguments
                .iter()
                .chain(&operations_arguments)
                .map(|argument| (*argument).to_owned())
                .collect(),
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

pub(crate) fn assertion_keys(port: u16) -> String {
    format!("{}/.well-known/jwks.json", http(port))
}

/// Generates a P-256 key in PKCS#8 and PEM, as `openssl genpkey` does.
pub fn assertion_key() -> anyhow::Result<String> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
        .map_err(|_| anyhow!("the key cannot be generated"))?;
    let der = pair
        .to_pkcs8v1()
        .map_err(|_| anyhow!("the key cannot be generated"))?;
    Ok(format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    ))
}

/// Generates a MAC key, as `openssl rand -base64 32` does.
pub fn mac_key() -> anyhow::Result<String> {
    let mut key = [0; 32];
    rand::fill(&mut key).map_err(|_| anyhow!("the key cannot be generated"))?;
    Ok(format!("{}\n", STANDARD.encode(key)))
}
