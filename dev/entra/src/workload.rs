use std::time::Duration;

use anyhow::Context;
use serde_json::json;

use crate::access_token::Validity;
use crate::signing_key::SigningKey;

/// A key for the tests of programs that prove themselves without a secret: an application's
/// certificate, or a cluster's signing key.
pub struct Workload(SigningKey);

impl Workload {
    /// Makes a new key. Takes a few hundred milliseconds of one core.
    pub fn generate() -> anyhow::Result<Self> {
        SigningKey::generate().map(Self)
    }

    /// The certificate, as an application registers it.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.0.certificate_pem()
    }

    /// The certificate and its private key, as a program is given them.
    pub fn identity_pem(&self) -> anyhow::Result<String> {
        Ok(format!(
            "{}{}",
            self.0.certificate_pem(),
            self.0.private_key_pem()?
        ))
    }

    /// The public key as a cluster publishes it.
    #[must_use]
    pub fn key_set(&self) -> String {
        json!({"keys": [self.0.to_jwk(None)]}).to_string()
    }

    /// A token as Kubernetes projects it into a pod.
    pub fn service_account_token(
        &self,
        issuer: &str,
        subject: &str,
        audience: &str,
    ) -> anyhow::Result<String> {
        let Validity { iat, nbf, exp } = Validity::from_now(Duration::from_hours(1));
        let claims = json!({"iss": issuer, "sub": subject, "aud": [audience], "iat": iat, "nbf": nbf, "exp": exp});
        self.0
            .sign(&self.0.header(), &claims)
            .context("signing a service account's token")
    }
}
