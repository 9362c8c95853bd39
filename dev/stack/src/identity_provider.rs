use std::path::Path;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Certificate, Client};
use serde_json::{Value, json};

use crate::directory::{self, CONTOSO, User};

/// A client of dev-entra, which obtains tokens.
#[derive(Clone, Debug)]
pub struct IdentityProvider {
    http: Client,
    authority: String,
    /// The origin of its endpoints for tests.
    admin: String,
}

impl IdentityProvider {
    /// Creates a client that trusts only `certificate`, a PEM file.
    pub(crate) fn trusting(
        authority: &str,
        admin: String,
        certificate: &Path,
    ) -> anyhow::Result<Self> {
        let pem = std::fs::read(certificate)
            .with_context(|| format!("{}: cannot be read", certificate.display()))?;
        let http = Client::builder()
            .no_proxy()
            .tls_certs_only([Certificate::from_pem(&pem)?])
            .build()?;
        Ok(Self {
            http,
            authority: authority.to_owned(),
            admin,
        })
    }

    /// Its URL.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The URL of the token endpoint.
    #[must_use]
    pub fn token_url(&self) -> String {
        format!("{}/{CONTOSO}/oauth2/v2.0/token", self.authority)
    }

    /// Requests the published keys on a new connection, and returns the status.
    pub async fn reached(&self) -> anyhow::Result<reqwest::StatusCode> {
        let url = format!("{}/{CONTOSO}/discovery/v2.0/keys", self.authority);
        Ok(self
            .http
            .get(url)
            .header("connection", "close")
            .send()
            .await?
            .status())
    }

    /// Obtains a delegated v2 token for `scope` of the application `api`.
    pub async fn user_token(&self, user: User, api: &str, scope: &str) -> anyhow::Result<String> {
        let scope = format!("api://{api}/{scope}");
        self.token(
            "oauth2/v2.0/token",
            user.tenant,
            &[
                ("scope", &scope),
                ("username", user.username),
                ("password", user.password),
            ],
        )
        .await
    }

    /// Obtains a delegated v2 token that meets `challenge`, the claims of a 401.
    pub async fn stronger_user_token(
        &self,
        user: User,
        api: &str,
        scope: &str,
        challenge: &str,
    ) -> anyhow::Result<String> {
        let scope = format!("api://{api}/{scope}");
        let form = [
            ("scope", scope.as_str()),
            ("username", user.username),
            ("password", user.password),
            ("claims", challenge),
        ];
        self.token("oauth2/v2.0/token", user.tenant, &form).await
    }

    /// Obtains a delegated v1 token for the application `api`.
    pub async fn user_token_v1(&self, user: User, api: &str) -> anyhow::Result<String> {
        let resource = format!("api://{api}");
        self.token(
            "oauth2/token",
            user.tenant,
            &[
                ("resource", &resource),
                ("username", user.username),
                ("password", user.password),
            ],
        )
        .await
    }

    /// Obtains an app-only token for the application `api`.
    pub async fn application_token(
        &self,
        client: directory::Client,
        api: &str,
    ) -> anyhow::Result<String> {
        let scope = format!("api://{api}/.default");
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client.id),
            ("client_secret", client.secret),
            ("scope", &scope),
        ];
        self.post_form(
            &format!("{}/{CONTOSO}/oauth2/v2.0/token", self.authority),
            &form,
        )
        .await
    }

    /// Changes the header and claims of `token`, and signs it with the issuer's current key,
    /// whatever its header says.
    pub async fn resign(
        &self,
        token: &str,
        change: impl FnOnce(&mut Value, &mut Value),
    ) -> anyhow::Result<String> {
        let (mut header, mut claims) = decode(token)?;
        change(&mut header, &mut claims);
        let request = self
            .http
            .post(format!("{}/dev/sign", self.admin))
            .json(&json!({"header": header, "claims": claims}));
        let reply: Value = request.send().await?.error_for_status()?.json().await?;
        Ok(reply["token"]
            .as_str()
            .context("dev-entra signed nothing")?
            .to_owned())
    }

    /// Fetches the published keys.
    pub async fn keys(&self) -> anyhow::Result<Value> {
        let url = format!("{}/{CONTOSO}/discovery/v2.0/keys", self.authority);
        Ok(self
            .http
            .get(url)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?)
    }

    async fn token(
        &self,
        path: &str,
        tenant: &str,
        form: &[(&str, &str)],
    ) -> anyhow::Result<String> {
        let grant = [("grant_type", "password"), ("client_id", directory::WEB)];
        let form: Vec<_> = grant.into_iter().chain(form.iter().copied()).collect();
        self.post_form(&format!("{}/{tenant}/{path}", self.authority), &form)
            .await
    }

    async fn post_form(&self, url: &str, form: &[(&str, &str)]) -> anyhow::Result<String> {
        let reply: Value = self.http.post(url).form(form).send().await?.json().await?;
        match reply["access_token"].as_str() {
            Some(token) => Ok(token.to_owned()),
            None => bail!("dev-entra issued no token: {}", reply["error_description"]),
        }
    }
}

/// Decodes header and claims of a token without verification.
pub(crate) fn decode(token: &str) -> anyhow::Result<(Value, Value)> {
    let mut parts = token
        .split('.')
        .map(|part| anyhow::Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part)?)?));
    match (parts.next(), parts.next()) {
        (Some(header), Some(claims)) => Ok((header?, claims?)),
        _ => bail!("not a token"),
    }
}
