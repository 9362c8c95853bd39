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

    /// `claims` of a version 2 token as version 1 has them: another issuer, and `appid`.
    pub(crate) async fn in_version_1(&self, mut claims: Value) -> Value {
        let url = format!(
            "{}/{}/.well-known/openid-configuration",
            self.authority(),
            claims["tid"].as_str().unwrap()
        );
        let metadata: Value = self
            .http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        claims["ver"] = json!("1.0");
        claims["iss"] = metadata["issuer"].clone();
        claims["appid"] = claims.as_object_mut().unwrap().remove("azp").unwrap();
        claims
    }

    /// A token with these claims, signed with the key that the issuer publishes.
    pub(crate) async fn sign(&self, claims: &Value) -> String {
        let request = self
            .http
            .post(format!("{}/dev/sign", self.entra.admin()))
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
