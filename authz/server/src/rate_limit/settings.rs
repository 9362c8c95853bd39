use std::path::PathBuf;
use std::time::Duration;

use super::store::{Store, StoreMetrics, StoreSettings};
use super::{RateLimiter, StoreUrl, WhenStoreIsDown};

/// Where requests are counted.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Rate limits")]
pub struct RateLimitSettings {
    /// Redis or Valkey in which all replicas count together: redis://HOST:PORT, or rediss:// for TLS [default: each replica counts for itself].
    #[arg(long, env = "RATE_LIMIT_STORE", value_name = "URL", hide_env_values = true)]
    pub rate_limit_store: Option<StoreUrl>,
    /// PEM file of the authorities to trust for the store instead of the system's.
    #[arg(long, env = "RATE_LIMIT_STORE_CA_FILE", value_name = "FILE", requires = "rate_limit_store")]
    pub rate_limit_store_ca: Option<PathBuf>,
    /// Longest time to wait for the store.
    #[arg(long, env = "RATE_LIMIT_STORE_TIMEOUT", value_name = "TIME", default_value = "100ms", value_parser = humantime::parse_duration)]
    pub rate_limit_store_timeout: Duration,
    /// What happens while the store does not answer.
    #[arg(long, env = "RATE_LIMIT_STORE_DOWN", value_name = "WHAT", value_enum, default_value_t)]
    pub rate_limit_store_down: WhenStoreIsDown,
}

impl RateLimitSettings {
    pub(crate) fn limiter(self, metrics: StoreMetrics) -> anyhow::Result<RateLimiter> {
        let Some(url) = self.rate_limit_store else { return Ok(RateLimiter::in_memory()) };
        let settings = StoreSettings { url, ca: self.rate_limit_store_ca, timeout: self.rate_limit_store_timeout };
        Ok(RateLimiter::shared(Store::new(settings, metrics)?, self.rate_limit_store_down))
    }
}
