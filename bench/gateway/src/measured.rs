//! The results of a session.

use std::time::Duration;

use serde::Serialize;

use crate::compare::{Row, ToBase};
use crate::goals::Judged;
use crate::load::Latencies;
use crate::surroundings::Surroundings;

/// All figures of a session.
#[derive(Clone, Debug, Serialize)]
pub struct Session {
    /// The machine, and its load by other processes.
    pub surroundings: Surroundings,
    /// Envoy's worker threads.
    pub envoy_concurrency: u16,
    /// Length of a slice in seconds.
    pub slice_seconds: f64,
    /// Number of rounds. Each measures every case.
    pub rounds: u16,
    /// Every slice, in the order of measurement.
    pub slices: Vec<Measured>,
    /// Medians and ranges over the rounds.
    pub(crate) rows: Vec<Row>,
    /// The goals and their results.
    pub(crate) goals: Vec<Judged>,
    /// Ratios to the authz server of `--base`.
    pub(crate) to_base: Vec<ToBase>,
}

/// The measurement of one slice.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// The name of the case.
    pub case: &'static str,
    /// Connections, each with one request at a time.
    pub connections: u16,
    /// The round, from 0.
    pub round: u16,
    /// Its figures.
    pub figures: Figures,
    /// The mean of the nearest slices without authorization, before and after this one.
    pub no_auth: Figures,
}

/// Figures of a slice. Times are microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Number of requests, all answered with 200.
    pub requests: f64,
    /// Median latency.
    pub p50_us: f64,
    /// 99th percentile of latency.
    pub p99_us: f64,
    /// Requests per second.
    pub per_second: f64,
    /// Envoy's CPU time per request.
    pub envoy_us: f64,
    /// CPU time per request of the server that answers Checks.
    pub server_us: Option<f64>,
}

impl Figures {
    /// CPU time per request of Envoy and the server together.
    pub(crate) fn cpu_us(&self) -> f64 {
        self.envoy_us + self.server_us.unwrap_or_default()
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a slice has fewer than 2^53 nanoseconds"
    )]
    pub(crate) fn new(latencies: &Latencies, envoy: Duration, server: Option<Duration>) -> Self {
        let requests = latencies.histogram.len() as f64;
        let quantile = |quantile| latencies.histogram.value_at_quantile(quantile) as f64 / 1000.0;
        let per_request = |time: Duration| time.as_secs_f64() * 1e6 / requests;
        Self {
            requests,
            p50_us: quantile(0.5),
            p99_us: quantile(0.99),
            per_second: requests / latencies.elapsed.as_secs_f64(),
            envoy_us: per_request(envoy),
            server_us: server.map(per_request),
        }
    }

    pub(crate) fn mean(self, other: Self) -> Self {
        let mean = f64::midpoint;
        Self {
            requests: mean(self.requests, other.requests),
            p50_us: mean(self.p50_us, other.p50_us),
            p99_us: mean(self.p99_us, other.p99_us),
            per_second: mean(self.per_second, other.per_second),
            envoy_us: mean(self.envoy_us, other.envoy_us),
            server_us: self
                .server_us
                .zip(other.server_us)
                .map(|(one, two)| mean(one, two)),
        }
    }
}
