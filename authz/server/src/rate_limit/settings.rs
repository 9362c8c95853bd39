use std::path::PathBuf;
use std::time::Duration;

use super::store::{Store, StoreMetrics, StoreSettings};
use super::{LimitMemory, POSSIBLE_MIB, RateLimiter, StoreUrl, USUAL_MIB, WhenStoreIsDown};

/// Settings of rate limits.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Rate limits")]
pub struct RateLimitSettings {
    /// Memory to count requests in, in MiB: seven eighths for verified callers, the rest for
    /// addresses of anonymous clients. A caller takes 136 bytes, 128 more from the second request
    /// on, and two for each request within the window. Requests that do not fit are denied.
    #[arg(
        long,
        env = "RATE_LIMIT_MEMORY_MIB",
        value_name = "MIB",
        default_value_t = USUAL_MIB,
        value_parser = clap::value_parser!(u64).range(POSSIBLE_MIB)
    )]
    pub rate_limit_memory_mib: u64,
    /// Redis or Valkey in which all replicas count together: redis://HOST:PORT, or rediss:// for
    /// TLS [default: each replica counts for itself].
    #[arg(
        long,
        env = "RATE_LIMIT_STORE",
        value_name = "REDIS_URL",
        hide_env_values = true
    )]
    pub rate_limit_store: Option<StoreUrl>,
    /// PEM file of the authorities to trust for the store instead of the system's.
    #[arg(
        long,
        env = "RATE_LIMIT_STORE_CA_FILE",
        value_name = "FILE",
        requires = "rate_limit_store"
    )]
    pub rate_limit_store_ca: Option<PathBuf>,
    /// Maximum time to wait for the store.
    #[arg(
        long,
        env = "RATE_LIMIT_STORE_TIMEOUT",
        value_name = "TIME",
        default_value = "100ms",
        value_parser = humantime::parse_duration
    )]
    pub rate_limit_store_timeout: Duration,
    /// What to do while the store does not answer.
    #[arg(
        long,
        env = "RATE_LIMIT_STORE_DOWN",
        value_name = "WHAT",
        value_enum,
        default_value_t
    )]
    pub rate_limit_store_down: WhenStoreIsDown,
}

impl RateLimitSettings {
    pub(crate) fn limiter(self, metrics: StoreMetrics) -> anyhow::Result<RateLimiter> {
        let memory = LimitMemory::of_mib(self.rate_limit_memory_mib);
        let Some(url) = self.rate_limit_store else {
            return Ok(RateLimiter::in_memory(memory)?);
        };
        let settings = StoreSettings {
            url,
            ca: self.rate_limit_store_ca,
            timeout: self.rate_limit_store_timeout,
        };
        Ok(RateLimiter::shared(
            Store::new(settings, metrics)?,
            self.rate_limit_store_down,
            memory,
        )?)
    }
}
