//! The command line of each process.

use std::path::{Path, PathBuf};

use crate::directory::{AUDIT, CONTOSO, NOTIFICATION, TASK_API, TASK_API_CLIENT};
use crate::envoy::EnvoyPorts;
use crate::layout::{Layout, ROOT, assertion_keys, http, local};
use crate::ports::AuthzPorts;
use crate::program::ProgramSpec;
use crate::service::Service;
use crate::stack_options::StackOptions;
use crate::{binaries, envoy};

/// Only the task API may call the notification and audit services.
const CALLED_BY_THE_TASK_API: [&str; 2] = ["--allowed-applications", TASK_API];

impl Layout {
    pub(crate) fn entra(&self) -> anyhow::Result<ProgramSpec> {
        let operations = self.ports.operations_of_entra();
        let directory = format!("{ROOT}/dev/entra/directory.yaml");
        let state = self.state.join("entra").display().to_string();
        let listen = local(self.ports.entra);
        let admin = local(self.ports.admin_of_entra);
        self.program(
            "dev-entra",
            operations,
            &[
                "--listen",
                &listen,
                "--admin-listen",
                &admin,
                "--directory",
                &directory,
                "--state",
                &state,
            ],
        )
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
        let operations = self.ports.operations_of(Service::TaskApi);
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
        let operations = self.ports.operations_of(Service::Notification);
        self.service(
            "notification",
            NOTIFICATION,
            self.ports.notification,
            operations,
            &CALLED_BY_THE_TASK_API,
        )
    }

    pub(crate) fn audit(&self) -> anyhow::Result<ProgramSpec> {
        let operations = self.ports.operations_of(Service::Audit);
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
}
