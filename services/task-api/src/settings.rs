use std::net::SocketAddr;

use anyhow::Context;
use portcullis_chassis::StartSettings;
use portcullis_database::DatabaseSettings;
use portcullis_entra_client::{Application, CredentialSettings};
use portcullis_guard::{GuardSettings, id_contradiction, parse_id};
use portcullis_runtime::{CommonSettings, OutboundSettings, RequestLimits};

use crate::downstream::DownstreamSettings;

/// Settings of the task API.
#[derive(Clone, Debug, clap::Parser)]
#[command(
    name = "task-api",
    version,
    about = "Tasks of users, separate for each tenant"
)]
pub struct Settings {
    /// Address of the listener for requests.
    #[arg(
        long,
        env = "LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8000"
    )]
    pub listen: SocketAddr,
    /// Application id of this API in Entra. It is the audience of its callers' tokens, and the
    /// client id when it requests tokens itself.
    #[arg(long, env = "AZURE_API_CLIENT_ID", value_name = "ID", value_parser = parse_id)]
    pub client_id: String,
    /// The credential with which this API requests tokens.
    #[command(flatten)]
    pub credential: CredentialSettings,
    /// The services that receive each change.
    #[command(flatten)]
    pub downstream: DownstreamSettings,
    /// The database of the tasks.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// Request limits.
    #[command(flatten)]
    pub limits: RequestLimits,
    /// The issuer and gateway of callers.
    #[command(flatten)]
    pub guard: GuardSettings,
    /// Calls to other servers.
    #[command(flatten)]
    pub outbound: OutboundSettings,
    /// The settings that every program has.
    #[command(flatten)]
    pub common: CommonSettings,
}

impl Settings {
    /// The settings of the database and the guard.
    pub(crate) fn start_settings(&self) -> StartSettings<'_> {
        StartSettings {
            client_id: Some(&self.client_id),
            database: &self.database,
            guard: &self.guard,
            outbound: &self.outbound,
        }
    }

    /// The application as which this API requests tokens.
    pub(crate) fn application(&self) -> anyhow::Result<Application> {
        Ok(Application {
            authority: self.guard.authority().clone(),
            home_tenant: self
                .guard
                .home_tenant()
                .context("--home-tenant: is missing")?
                .to_owned(),
            client_id: self.client_id.clone(),
            credential: self
                .credential
                .credential()
                .context("--client-secret: give exactly one credential")?,
        })
    }
}

impl portcullis_runtime::Settings for Settings {
    const OPERATIONS_ADDRESS: &'static str = "127.0.0.1:9100";

    fn common(&self) -> &CommonSettings {
        &self.common
    }

    fn contradictions(&self) -> Vec<String> {
        let mut found = self.guard.contradictions();
        match self.guard.home_tenant() {
            Some(home_tenant) => found.extend(
                self.credential
                    .contradictions(&self.client_id, home_tenant),
            ),
            // Without a home tenant there is a document, or clap has reported the missing tenant.
            None => found.push(
                "--token-issuer: cannot be used, because this API also requests tokens from Entra, \
                 in its home tenant; give --home-tenant instead"
                    .to_owned(),
            ),
        }
        found.extend(id_contradiction("--client-id", &self.client_id));
        found.extend(self.downstream.contradictions());
        found
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use portcullis_runtime::Settings as _;

    use super::Settings;

    #[test]
    fn document_of_an_issuer_is_an_error_because_tokens_are_requested_too() {
        const ID: &str = "3a5c0001-0000-4000-8000-000000000001";
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("issuer.yaml");
        let document = "{apiVersion: portcullis.dev/v1alpha1, kind: TokenIssuer, \
                        metadata: {name: p}, spec: {entra: {anyTenant: true}}}";
        std::fs::write(&file, document).unwrap();
        let words = format!(
            "task-api --data-dir d --operations-listen 127.0.0.1:0 --client-secret s \
             --client-id {ID} --notification-client-id {ID} --audit-client-id {ID}"
        );
        let with = |flag: &str, value: &str| {
            let words = words.split(' ').chain([flag, value]);
            Settings::try_parse_from(words).unwrap().contradictions()
        };
        assert_eq!(with("--home-tenant", ID), [""; 0]);
        let found = with("--token-issuer", file.to_str().unwrap());
        assert!(
            matches!(found.as_slice(), [only] if only.starts_with("--token-issuer: ")),
            "{found:?}"
        );
    }

    #[test]
    fn settings_have_distinct_flags_and_ids() {
        dev_service::settings::assert_distinct::<Settings>();
    }

    #[test]
    fn every_setting_has_an_example_for_its_error() {
        dev_service::settings::assert_examples::<Settings>();
    }
}
