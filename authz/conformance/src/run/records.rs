//! Reads the records of the echo.

use std::time::Duration;

use anyhow::Context;
use reqwest::Client;

use crate::echo::Record;

pub(super) struct RecordsClient {
    http: Client,
    url: String,
}

impl RecordsClient {
    /// Makes a client with a timeout of at least 30 seconds, because the records of a large group
    /// take longer than a request through the gateway.
    pub(super) fn new(echo: &str, limit: Duration) -> anyhow::Result<Self> {
        let http = Client::builder()
            .no_proxy()
            .timeout(limit.max(Duration::from_secs(30)))
            .build()?;
        Ok(Self {
            http,
            url: format!("{}/records", echo.trim_end_matches('/')),
        })
    }

    pub(super) async fn all(&self) -> anyhow::Result<Vec<Record>> {
        let response = self
            .http
            .get(&self.url)
            .send()
            .await
            .with_context(|| self.unusable())?;
        let records = response
            .error_for_status()
            .with_context(|| self.unusable())?
            .json()
            .await;
        records.with_context(|| self.unusable())
    }

    pub(super) async fn clear(&self) -> anyhow::Result<()> {
        let response = self
            .http
            .delete(&self.url)
            .send()
            .await
            .with_context(|| self.unusable())?;
        response
            .error_for_status()
            .map(drop)
            .with_context(|| self.unusable())
    }

    fn unusable(&self) -> String {
        format!(
            "--echo: {} does not answer as the records of `portcullis-conformance echo` do",
            self.url
        )
    }
}
