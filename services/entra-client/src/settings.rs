use std::path::PathBuf;

use crate::credential::{ClientCredential, ClientSecret};

/// Settings of the application's credential. Exactly one must be given.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Credential of this application (one of these)")]
pub struct CredentialSettings {
    /// Client secret of the application. Prefer the environment, because arguments show in process
    /// lists.
    #[arg(
        long,
        env = "AZURE_CLIENT_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    client_secret: Option<ClientSecret>,
    /// Client secret, under the name of the first version.
    #[arg(
        long,
        env = "AZURE_API_CLIENT_SECRET",
        value_name = "SECRET",
        hide_env_values = true,
        hide = true
    )]
    api_client_secret: Option<ClientSecret>,
    /// File of the client secret, read for each token.
    #[arg(long, env = "AZURE_CLIENT_SECRET_FILE", value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
    /// PEM file of a certificate registered on the application and its RSA key, read for each
    /// token.
    #[arg(long, env = "AZURE_CLIENT_CERTIFICATE_PATH", value_name = "FILE")]
    client_certificate: Option<PathBuf>,
    /// File of a token that a federated credential of the application trusts, such as the one that
    /// workload identity projects, read for each token.
    #[arg(long, env = "AZURE_FEDERATED_TOKEN_FILE", value_name = "FILE")]
    federated_token_file: Option<PathBuf>,
    /// Application id that workload identity injects. It must be this application's.
    #[arg(
        long = "workload-identity-client-id",
        env = "AZURE_CLIENT_ID",
        value_name = "ID",
        hide = true
    )]
    workload_client_id: Option<String>,
    /// Tenant id that workload identity injects. It must be the home tenant's.
    #[arg(
        long = "workload-identity-tenant-id",
        env = "AZURE_TENANT_ID",
        value_name = "ID",
        hide = true
    )]
    workload_tenant_id: Option<String>,
}

impl CredentialSettings {
    /// Contradictions between these settings, an application and its home tenant.
    #[must_use]
    pub fn contradictions(&self, client_id: &str, home_tenant: &str) -> Vec<String> {
        let given = self.given();
        let mut found = match given.as_slice() {
            [_] => Vec::new(),
            [] => vec![
                "--client-secret: this application has no credential; give one of \
                 --client-secret, --client-secret-file, --client-certificate and \
                 --federated-token-file"
                    .to_owned(),
            ],
            [first, ..] => {
                let flags: Vec<_> = given.iter().map(|(flag, _)| *flag).collect();
                let (first, _) = first;
                vec![format!(
                    "{first}: {} are given, and only one is allowed; remove the others",
                    flags.join(" and ")
                )]
            }
        };
        let differs = |injected: &Option<String>, own: &str| {
            injected
                .as_ref()
                .is_some_and(|id| !id.eq_ignore_ascii_case(own))
        };
        if differs(&self.workload_client_id, client_id) {
            found.push(format!(
                "AZURE_CLIENT_ID: is not --client-id {client_id}; only the application of a \
                 user's token can exchange it, so annotate the service account with its id"
            ));
        }
        if differs(&self.workload_tenant_id, home_tenant) {
            found.push(format!(
                "AZURE_TENANT_ID: is not --home-tenant {home_tenant}; remove it or make them equal"
            ));
        }
        found
    }

    /// The credential, or `None` unless exactly one is given.
    ///
    /// [`Self::contradictions`] reports why it is `None`.
    #[must_use]
    pub fn credential(&self) -> Option<ClientCredential> {
        let mut given = self.given();
        let (_, credential) = given.pop()?;
        given.is_empty().then_some(credential)
    }

    /// The flag of the given credential.
    #[must_use]
    pub fn flag(&self) -> Option<&'static str> {
        self.given().first().map(|(flag, _)| *flag)
    }

    fn given(&self) -> Vec<(&'static str, ClientCredential)> {
        let secret = |flag, secret: &Option<ClientSecret>| {
            secret
                .clone()
                .map(|secret| (flag, ClientCredential::Secret(secret)))
        };
        let file = |flag, path: &Option<PathBuf>, make: fn(PathBuf) -> ClientCredential| {
            path.clone().map(|path| (flag, make(path)))
        };
        [
            secret("--client-secret", &self.client_secret),
            secret("--api-client-secret", &self.api_client_secret),
            file(
                "--client-secret-file",
                &self.client_secret_file,
                ClientCredential::secret_file,
            ),
            file(
                "--client-certificate",
                &self.client_certificate,
                ClientCredential::certificate,
            ),
            file(
                "--federated-token-file",
                &self.federated_token_file,
                ClientCredential::federated,
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::CredentialSettings;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        credential: CredentialSettings,
    }

    #[test]
    fn credential_settings_require_exactly_one_credential() {
        for (arguments, kind, parts) in [
            ("--client-secret s3cret", Some("client secret"), &[][..]),
            ("--api-client-secret s3cret", Some("client secret"), &[]),
            (
                "--client-secret-file s",
                Some("client secret in a file"),
                &[],
            ),
            (
                "--client-certificate c.pem --workload-identity-client-id APP",
                Some("certificate"),
                &[],
            ),
            (
                "--federated-token-file t --workload-identity-tenant-id home",
                Some("federated token"),
                &[],
            ),
            ("", None, &["--client-secret: ", "--federated-token-file"]),
            (
                "--client-secret s3cret --federated-token-file t",
                None,
                &[
                    "--client-secret: ",
                    "--client-secret and --federated-token-file",
                    "remove",
                ],
            ),
            (
                "--client-secret s --workload-identity-client-id other",
                Some("client secret"),
                &["AZURE_CLIENT_ID", "--client-id app"],
            ),
            (
                "--client-secret s --workload-identity-tenant-id other",
                Some("client secret"),
                &["AZURE_TENANT_ID", "--home-tenant home"],
            ),
        ] {
            let words = std::iter::once("program").chain(arguments.split_whitespace());
            let settings = Program::try_parse_from(words).unwrap().credential;
            let credential = settings.credential();
            assert_eq!(
                credential.as_ref().map(super::ClientCredential::kind),
                kind,
                "{arguments}"
            );
            let found = settings.contradictions("app", "home");
            assert_eq!(found.is_empty(), parts.is_empty(), "{arguments}: {found:?}");
            assert!(
                parts.iter().all(|part| found.concat().contains(part)),
                "{arguments}: {found:?}"
            );
            assert!(!format!("{settings:?} {found:?}").contains("s3cret"));
        }
    }
}
