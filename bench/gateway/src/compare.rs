//! Computes medians and ranges over the rounds.

use serde::Serialize;

use crate::case::base_name;
use crate::measured::{Figures, Measured};

/// The figures of one case at one number of connections.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) case: &'static str,
    pub(crate) connections: u16,
    pub(crate) p50_us: Spread,
    pub(crate) p99_us: Spread,
    pub(crate) per_second: Spread,
    /// Throughput divided by that without authorization.
    pub(crate) of_no_auth: Spread,
    /// Median latency less that without authorization.
    pub(crate) added_p50_us: Spread,
    pub(crate) envoy_us: Spread,
    pub(crate) server_us: Option<Spread>,
}

/// The ratios of one case to the same case with the authz server of `--base`, at one number of
/// connections.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ToBase {
    pub(crate) case: &'static str,
    pub(crate) connections: u16,
    pub(crate) p50: Spread,
    pub(crate) per_second: Spread,
    /// CPU time per request of Envoy and the authz server together.
    pub(crate) cpu: Spread,
    /// CPU time per request of the authz server.
    pub(crate) server_cpu: Spread,
}

/// The median of values, and their least and greatest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Spread {
    /// The spread of `values`, or `None` without values.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied();
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            at(middle)?
        } else {
            f64::midpoint(at(middle.checked_sub(1)?)?, at(middle)?)
        };
        Some(Self {
            median,
            low: at(0)?,
            high: values.last().copied()?,
        })
    }
}

/// One row for each case and number of connections, in the order of their first slices.
pub(crate) fn rows(slices: &[Measured]) -> Vec<Row> {
    keys(slices)
        .into_iter()
        .filter_map(|(connections, case)| row(slices, connections, case))
        .collect()
}

/// The ratios of each case whose base was measured.
pub(crate) fn to_base(slices: &[Measured]) -> Vec<ToBase> {
    keys(slices)
        .into_iter()
        .filter_map(|(connections, case)| {
            let base = base_name(case);
            let of = |figure: fn(&Figures) -> Option<f64>| {
                ratio(slices, connections, [case, &base], figure)
            };
            Some(ToBase {
                case,
                connections,
                p50: of(|figures| Some(figures.p50_us))?,
                per_second: of(|figures| Some(figures.per_second))?,
                cpu: of(|figures| Some(figures.cpu_us()))?,
                server_cpu: of(|figures| figures.server_us)?,
            })
        })
        .collect()
}

/// The numbers of connections with their cases, in the order of their first slices.
fn keys(slices: &[Measured]) -> Vec<(u16, &'static str)> {
    let mut keys = Vec::new();
    for slice in slices {
        let key = (slice.connections, slice.case);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

fn row(slices: &[Measured], connections: u16, case: &'static str) -> Option<Row> {
    let of = |figure: &dyn Fn(&Measured) -> f64| {
        let own = slices
            .iter()
            .filter(|slice| slice.connections == connections && slice.case == case);
        Spread::of(own.map(figure))
    };
    let server = slices
        .iter()
        .filter(|slice| slice.connections == connections && slice.case == case);
    Some(Row {
        case,
        connections,
        p50_us: of(&|slice| slice.figures.p50_us)?,
        p99_us: of(&|slice| slice.figures.p99_us)?,
        per_second: of(&|slice| slice.figures.per_second)?,
        of_no_auth: of(&|slice| slice.figures.per_second / slice.no_auth.per_second)?,
        added_p50_us: of(&|slice| slice.figures.p50_us - slice.no_auth.p50_us)?,
        envoy_us: of(&|slice| slice.figures.envoy_us)?,
        server_us: Spread::of(server.filter_map(|slice| slice.figures.server_us)),
    })
}

/// The spread over the rounds of `one`'s figure divided by `other`'s in the same round.
pub(crate) fn ratio(
    slices: &[Measured],
    connections: u16,
    [one, other]: [&str; 2],
    figure: impl Fn(&Figures) -> Option<f64>,
) -> Option<Spread> {
    let of = |case: &str, round: u16| {
        let is_it = |slice: &&Measured| {
            slice.connections == connections && slice.case == case && slice.round == round
        };
        slices
            .iter()
            .find(is_it)
            .and_then(|slice| figure(&slice.figures))
    };
    let rounds = slices.iter().map(|slice| slice.round).max()?;
    Spread::of((0..=rounds).filter_map(|round| Some(of(one, round)? / of(other, round)?)))
}

#[cfg(test)]
mod tests;
