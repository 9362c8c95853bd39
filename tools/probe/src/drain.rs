use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::envoy_admin::EnvoyAdmin;

const POLL: Duration = Duration::from_millis(200);
const CONNECTIONS: &str = "http.gateway.downstream_cx_active";

/// The Envoy to drain, and its times.
#[derive(Debug, clap::Args)]
pub(crate) struct Drain {
    /// Envoy's admin address.
    #[arg(value_name = "ADDRESS")]
    admin: SocketAddr,
    /// Serve at least this long, so that load balancers notice that this Envoy ends.
    #[arg(long, value_name = "SECONDS", default_value_t = 8)]
    at_least: u64,
    /// Wait at most this long for open connections.
    #[arg(long, value_name = "SECONDS", default_value_t = 25)]
    at_most: u64,
}

impl Drain {
    #[expect(
        clippy::disallowed_methods,
        reason = "no runtime whose worker it could block"
    )]
    pub(crate) fn run(&self, out: &mut impl Write) -> anyhow::Result<()> {
        let admin = EnvoyAdmin(self.admin);
        let start = Instant::now();
        // From now on /ready answers 503, HTTP/1 answers carry `Connection: close`, and HTTP/2
        // clients get GOAWAY.
        admin.post("/healthcheck/fail")?;
        loop {
            let waited = start.elapsed();
            let open = admin.statistic(CONNECTIONS)?;
            let early = waited < Duration::from_secs(self.at_least);
            if (open == 0 && !early) || waited >= Duration::from_secs(self.at_most) {
                writeln!(out, "{open} connections open after {} s", waited.as_secs())?;
                return Ok(());
            }
            std::thread::sleep(POLL);
        }
    }
}
