use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::http::{Request, ask};

const TIMEOUT: Duration = Duration::from_secs(2);

/// Envoy's admin interface, on this pod's loopback address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EnvoyAdmin(pub(crate) SocketAddr);

impl EnvoyAdmin {
    /// Gets the page at `path`. Fails unless the status is 200.
    pub(crate) fn get(self, path: &str) -> anyhow::Result<String> {
        self.ask("GET", path)
    }

    /// Posts to `path`. Fails unless the status is 200.
    pub(crate) fn post(self, path: &str) -> anyhow::Result<()> {
        self.ask("POST", path).map(drop)
    }

    /// Gets the value of `statistic`. Fails if Envoy does not have it.
    pub(crate) fn statistic(self, statistic: &str) -> anyhow::Result<u64> {
        let text = self.get(&format!(
            "/stats?filter=^{}$",
            statistic.replace('.', "\\.")
        ))?;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(statistic)?.strip_prefix(": "));
        value
            .and_then(|number| number.trim().parse().ok())
            .with_context(|| format!("Envoy has no statistic {statistic}"))
    }

    fn ask(self, method: &str, path: &str) -> anyhow::Result<String> {
        let Self(address) = self;
        let authority = address.to_string();
        let request = Request {
            method,
            authority: &authority,
            path,
            headers: "",
        };
        let answer = ask(address, &request, TIMEOUT)
            .with_context(|| format!("Envoy's admin port {authority}, {path}"))?;
        if answer.status != 200 {
            bail!(
                "Envoy's admin port {authority}, {path}: answered {}",
                answer.status
            );
        }
        Ok(answer.text)
    }
}
