use dev_entra::InProcess;
use portcullis_token::unix_now;
use reqwest::{Certificate, Client};
use serde_json::{Value, json};

use crate::TASK_API;

/// dev-entra, and a client that trusts it.
pub(crate) struct Issuer {
    entra: InProcess,
    pub(crate) http: Client,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let entra = InProcess::start().await.unwrap();
        let certificate = Certificate::from_pem(entra.authority_pem().as_bytes()).unwrap();
        let http = Client::builder()
            .no_proxy()
            .tls_certs_only([certificate])
            .build()
            .unwrap();
        Self { entra, http }
    }

    pub(crate) fn authority(&self) -> String {
        self.entra.authority()
    }

    /// The claims of a good token of a user of `tenant`.
    pub(crate) fn claims(&self, tenant: &str) -> Value {
        let now = unix_now();
        json!({
            "iss": format!("{}/{tenant}/v2.0", self.authority()), "aud": TASK_API,
            "tid": tenant, "ver": "2.0", "oid": "aaaaaaaa-0001-4000-8000-000000000001",
            "azp": "3a5c0004-0000-4000-8000-000000000004",
            "name": "Ada", "scp": "access_as_user", "nbf": now, "iat": now, "exp": now + 3600,
        })
    }

    /// A token with these claims, signed with the key that the issuer publishes.
    pub(crate) async fn sign(&self, claims: &Value) -> String {
        let request = self
            .http
            .post(format!("{}/dev/sign", self.authority()))
            .json(&json!({ "claims": claims }));
        let reply: Value = request
            .send()
            .await
            .unwrap()
            .error_for_status()
            .unwrap()
            .json()
            .await
            .unwrap();
        reply["token"].as_str().unwrap().to_owned()
    }
}
