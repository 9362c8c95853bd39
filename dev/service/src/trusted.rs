use std::future::ready;

use axum::Router;
use axum::routing::get;
use dev_entra::InProcess;
use portcullis_assertion::{AssertedRequest, Assertion, Signer};
use portcullis_token::{Caller, unix_now};
use reqwest::{Certificate, Client};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The home tenant of the services.
pub const CONTOSO: &str = "11111111-1111-4111-8111-111111111111";

/// An issuer and an authz server's assertion key, for a service that trusts both.
#[expect(missing_debug_implementations, reason = "keys, and servers that run")]
pub struct Trusted {
    pub issuer: InProcess,
    /// Signs assertions as the authz server does.
    pub signer: Signer,
    /// Trusts the issuer's certificate.
    pub http: Client,
    keys_url: String,
}

impl Trusted {
    pub async fn start() -> Self {
        let issuer = InProcess::start().await.unwrap();
        let http = client_of(&issuer);
        let signer = Signer::generate().unwrap();
        let keys = signer.key_set();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let keys_url = format!("http://{}/keys", listener.local_addr().unwrap());
        let authz = Router::new().route("/keys", get(move || ready(keys.clone())));
        tokio::spawn(async move { axum::serve(listener, authz).await });
        Self {
            issuer,
            signer,
            http,
            keys_url,
        }
    }

    /// Arguments that make a service trust both. It needs its own arguments besides.
    #[must_use]
    pub fn settings(&self) -> Vec<String> {
        let authority = self.issuer.authority();
        let settings = [
            ["--home-tenant", CONTOSO],
            ["--authority", &authority],
            ["--gateway-keys", &self.keys_url],
            ["--operations-listen", "127.0.0.1:0"],
        ];
        settings
            .concat()
            .into_iter()
            .chain(["--trust-gateway"])
            .map(str::to_owned)
            .collect()
    }

    /// The issuer of v2 tokens.
    #[must_use]
    pub fn issuer_of_version_2(&self) -> String {
        format!("{}/{CONTOSO}/v2.0", self.issuer.authority())
    }

    /// `claims` of a v1 token, which has another issuer and another claim for the client.
    pub async fn in_version_1(&self, mut claims: Value) -> Value {
        let url = format!(
            "{}/{CONTOSO}/.well-known/openid-configuration",
            self.issuer.authority()
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

    /// A signed assertion of `caller` for the service `audience` and the request `line`, such as
    /// `GET /audit`.
    #[must_use]
    pub fn assertion(&self, audience: &str, caller: &Caller, line: &str, id: &str) -> String {
        let (method, path) = line.split_once(' ').unwrap();
        let assertion = Assertion {
            audience: audience.to_owned(),
            caller: caller.clone(),
            request: Some(AssertedRequest {
                id: id.to_owned(),
                method: method.to_owned(),
                path: path.to_owned(),
            }),
            issued_at: unix_now(),
        };
        self.signer.sign(&assertion).unwrap()
    }

    /// An `Authorization` value with a signed token that has `claims`.
    pub async fn authorization(&self, claims: &Value) -> String {
        let url = format!("{}/dev/sign", self.issuer.admin());
        let request = self.http.post(url).json(&json!({ "claims": claims }));
        let reply: Value = request.send().await.unwrap().json().await.unwrap();
        format!("Bearer {}", reply["token"].as_str().unwrap())
    }
}

/// A client that trusts only the certificate of `issuer`.
#[must_use]
pub fn client_of(issuer: &InProcess) -> Client {
    let certificate = Certificate::from_pem(issuer.authority_pem().as_bytes()).unwrap();
    Client::builder()
        .no_proxy()
        .tls_certs_only([certificate])
        .build()
        .unwrap()
}
