use std::time::Duration;

use anyhow::Context;
use serde_json::json;

use crate::access_token::Validity;
use crate::signing_key::SigningKey;

/// A key for tests of programs that authenticate without a secret.
///
/// It is an application's certificate, or a cluster's signing key.
pub struct Workload(SigningKey);

impl Workload {
    /// Generates a key. Takes a few hundred milliseconds of one core.
    pub fn generate() -> anyhow::Result<Self> {
        SigningKey::generate().map(Self)
    }

    /// The certificate that an application registers, in PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.0.certificate_pem()
    }

    /// The certificate and its private key for the program, in PEM.
    pub fn identity_pem(&self) -> anyhow::Result<String> {
        Ok(format!(
            "{}{}",
            self.0.certificate_pem(),
            self.0.private_key_pem()?
        ))
    }

    /// The key set that a cluster publishes.
    #[must_use]
    pub fn key_set(&self) -> String {
        json!({"keys": [self.0.to_jwk(None)]}).to_string()
    }

    /// A service account token as Kubernetes projects it into a pod.
    pub fn service_account_token(
        &self,
        issuer: &str,
        subject: &str,
        audience: &str,
    ) -> anyhow::Result<String> {
        let Validity { iat, nbf, exp } = Validity::from_now(Duration::from_hours(1));
        let claims = json!({
            "iss": issuer, "sub": subject, "aud": [audience], "iat": iat, "nbf": nbf, "exp": exp,
        });
        self.0
            .sign(&self.0.header(), &claims)
            .context("signing a service account's token")
    }
}
