//! Stops, suspends and starts single programs of a running stack.

use anyhow::Context;

use super::Stack;
use crate::program::Program;
use crate::service::Service;

impl Stack {
    /// Stops the first authz server, which drains.
    pub async fn stop_authz(&mut self) -> anyhow::Result<()> {
        self.take_authz(0)?.stop().await.map(drop)
    }

    /// Kills the first authz server.
    pub async fn crash_authz(&mut self) -> anyhow::Result<()> {
        self.take_authz(0)?.crash().await
    }

    /// Suspends the first authz server, or resumes it if `hung` is false.
    pub fn hang_authz(&self, hung: bool) -> anyhow::Result<()> {
        let server = self
            .authz
            .first()
            .and_then(Option::as_ref)
            .context("portcullis is not running")?;
        if hung { server.hang() } else { server.go_on() }
    }

    /// Suspends the issuer, which then accepts connections and does not answer. Resumes it if
    /// `hung` is false.
    pub fn hang_issuer(&self, hung: bool) -> anyhow::Result<()> {
        let entra = self.entra.as_ref().context("dev-entra is not running")?;
        if hung { entra.hang() } else { entra.go_on() }
    }

    /// The log of the first authz server since its start.
    pub fn authz_log(&self) -> anyhow::Result<String> {
        let server = self
            .authz
            .first()
            .and_then(Option::as_ref)
            .context("portcullis is not running")?;
        let log = &server.spec().log;
        std::fs::read_to_string(log).with_context(|| format!("{}: cannot be read", log.display()))
    }

    /// Stops an authz server, which drains, and starts it again.
    pub async fn restart_authz(&mut self, instance: usize) -> anyhow::Result<()> {
        self.take_authz(instance)?.stop().await?;
        self.start_instance(instance).await
    }

    fn take_authz(&mut self, instance: usize) -> anyhow::Result<Program> {
        self.authz
            .get_mut(instance)
            .and_then(Option::take)
            .context("portcullis is not running")
    }

    async fn start_instance(&mut self, instance: usize) -> anyhow::Result<()> {
        let ports = self
            .layout
            .ports
            .authz
            .get(instance)
            .with_context(|| format!("the stack has no authz server {instance}"))?;
        let started = Program::start(self.layout.authz(*ports, &self.options)?, &self.http).await?;
        if let Some(place) = self.authz.get_mut(instance) {
            *place = Some(started);
        }
        Ok(())
    }

    /// Kills a service, as a lost machine does, and starts it again with the same data.
    pub async fn crash_and_restart(&mut self, service: Service) -> anyhow::Result<()> {
        let place = self
            .services
            .iter()
            .position(|program| program.spec().name == service.name());
        let program = self
            .services
            .swap_remove(place.with_context(|| format!("{} is not running", service.name()))?);
        let spec = program.spec().clone();
        program.crash().await?;
        self.services.push(Program::start(spec, &self.http).await?);
        Ok(())
    }

    /// Stops the issuer.
    pub async fn stop_issuer(&mut self) -> anyhow::Result<()> {
        let entra = self.entra.take().context("dev-entra is not running")?;
        entra.stop().await.map(drop)
    }

    /// Starts the first authz server again. A single server makes a new assertion key.
    pub async fn start_authz(&mut self) -> anyhow::Result<()> {
        self.start_instance(0).await
    }

    /// Replaces Envoy by another process, which takes over the listening sockets ("Hot restart",
    /// Envoy's documentation).
    pub async fn hot_restart_envoy(&mut self) -> anyhow::Result<()> {
        let successor = Program::start(self.envoy.spec().successor()?, &self.http).await?;
        std::mem::replace(&mut self.envoy, successor).ended().await
    }
}
