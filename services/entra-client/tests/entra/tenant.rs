//! A directory, the `dev-entra` that serves it, and the task API as its client.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dev_entra::{InProcess, Workload};
use portcullis_entra_client::{Application, Budget, ClientCredential, EntraClient, TokenMetrics};
use prometheus_client::registry::Registry;
use reqwest::{Certificate, Client};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const CONTOSO: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const TASK_API: &str = "3a5c0001-0000-4000-8000-000000000001";
pub(crate) const NOTIFY: &str = "api://3a5c0002-0000-4000-8000-000000000002/.default";
pub(crate) const AUDIT: &str = "api://3a5c0003-0000-4000-8000-000000000003/.default";
const WEB: &str = "3a5c0004-0000-4000-8000-000000000004";
pub(crate) const CLUSTER: &str = "https://kubernetes.default.svc.cluster.local";
pub(crate) const SUBJECT: &str = "system:serviceaccount:portcullis:task-api";

pub(crate) struct Tenant {
    pub(crate) entra: InProcess,
    pub(crate) http: Client,
    pub(crate) folder: TempDir,
    pub(crate) registry: Registry,
}

impl Tenant {
    /// Starts `dev-entra` with the development directory.
    ///
    /// The task API has two secrets, `certificate`, and a federated credential for `cluster`.
    pub(crate) async fn start(certificate: &Workload, cluster: &Workload) -> Self {
        let folder = TempDir::new().unwrap();
        let keys = folder.path().join("jwks.json");
        std::fs::write(&keys, cluster.key_set()).unwrap();
        let pem = certificate
            .certificate_pem()
            .trim_end()
            .replace('\n', "\n        ");
        let more = format!(
            "    secrets: [task-api-secret, second-secret]\n    certificates:\n      - |\n        \
             {pem}\n    federatedCredentials:\n      \
             - {{name: cluster, issuer: '{CLUSTER}', subject: '{SUBJECT}', keysFile: '{}'}}\n",
            keys.display()
        );
        let directory = InProcess::development_directory().replacen(
            "    secrets: [task-api-secret]\n",
            &more,
            1,
        );
        let entra = InProcess::with_directory(&directory).await.unwrap();
        let authority = Certificate::from_pem(entra.authority_pem().as_bytes()).unwrap();
        let http = Client::builder()
            .no_proxy()
            .tls_certs_only([authority])
            .build()
            .unwrap();
        Self {
            entra,
            http,
            folder,
            registry: Registry::default(),
        }
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A new client of the task API with an empty cache.
    pub(crate) fn client(&mut self, credential: ClientCredential) -> EntraClient {
        let application = Application {
            authority: self.entra.authority().parse().unwrap(),
            home_tenant: CONTOSO.to_owned(),
            client_id: TASK_API.to_owned(),
            credential,
        };
        let metrics = TokenMetrics::register(&mut self.registry);
        EntraClient::new(
            self.http.clone(),
            application,
            Budget::within(Duration::from_secs(20)),
            metrics,
        )
    }

    /// Signs a user in as the browser does, and returns the token for the task API.
    pub(crate) async fn sign_in(
        &self,
        username: &str,
        password: &str,
        claims: Option<&str>,
    ) -> String {
        let form = [
            ("grant_type", "password"),
            ("client_id", WEB),
            ("username", username),
            ("password", password),
            ("scope", &format!("api://{TASK_API}/access_as_user")),
            ("claims", claims.unwrap_or_default()),
        ];
        let url = format!("{}/{CONTOSO}/oauth2/v2.0/token", self.entra.authority());
        let reply: Value = self
            .http
            .post(url)
            .form(&form)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        reply["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("{reply}"))
            .to_owned()
    }

    pub(crate) async fn ada(&self) -> String {
        self.sign_in("ada.admin@contoso.example", "Admin-Passw0rd!", None)
            .await
    }
}

pub(crate) fn claims(token: &str) -> Value {
    serde_json::from_slice(
        &URL_SAFE_NO_PAD
            .decode(token.split('.').nth(1).unwrap())
            .unwrap(),
    )
    .unwrap()
}

/// Writes the service account token that the cluster projects into the task API's pod.
pub(crate) fn project(cluster: &Workload, file: &Path) {
    let token = cluster
        .service_account_token(CLUSTER, SUBJECT, "api://AzureADTokenExchange")
        .unwrap();
    std::fs::write(file, token).unwrap();
}
