//! Computes medians and ranges over the rounds.

use serde::Serialize;

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
    let mut keys: Vec<(u16, &'static str)> = Vec::new();
    for slice in slices {
        let key = (slice.connections, slice.case);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys.into_iter()
        .filter_map(|(connections, case)| row(slices, connections, case))
        .collect()
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
mod tests {
    use super::{Spread, ratio, rows};
    use crate::measured::{Figures, Measured};

    fn slice(case: &'static str, round: u16, per_second: f64) -> Measured {
        let figures = Figures {
            requests: 1.0,
            p50_us: 1e6 / per_second,
            p99_us: 1.0,
            per_second,
            envoy_us: 1.0,
            server_us: (case == "authz").then_some(2.0),
        };
        Measured {
            case,
            connections: 1,
            round,
            figures,
            no_auth: Figures {
                per_second: 100.0,
                p50_us: 10.0,
                ..figures
            },
        }
    }

    #[test]
    fn spread_has_the_median_and_the_extremes() {
        for (values, expected) in [
            (vec![], None),
            (vec![2.0], Some((2.0, 2.0, 2.0))),
            (vec![4.0, 1.0], Some((2.5, 1.0, 4.0))),
            (vec![9.0, 1.0, 5.0], Some((5.0, 1.0, 9.0))),
        ] {
            let found =
                Spread::of(values.clone()).map(|Spread { median, low, high }| (median, low, high));
            assert_eq!(found, expected, "{values:?}");
        }
    }

    #[test]
    fn rows_compare_each_slice_with_its_own_baseline() {
        let slices = [
            slice("authz", 0, 50.0),
            slice("no-op", 0, 60.0),
            slice("authz", 1, 40.0),
        ];
        let rows = rows(&slices);
        assert_eq!(
            rows.iter().map(|row| row.case).collect::<Vec<_>>(),
            ["authz", "no-op"]
        );
        assert_eq!(
            rows[0].of_no_auth,
            Spread {
                median: 0.45,
                low: 0.4,
                high: 0.5
            }
        );
        assert!((rows[0].added_p50_us.low - 19_990.0).abs() < 0.5);
        assert_eq!(rows[0].server_us.map(|spread| spread.median), Some(2.0));
        assert_eq!(rows[1].server_us, None);
    }

    #[test]
    fn ratio_compares_slices_of_the_same_round() {
        let slices = [
            slice("authz", 0, 50.0),
            slice("no-op", 0, 100.0),
            slice("authz", 1, 90.0),
            slice("no-op", 1, 100.0),
        ];
        let throughput = ratio(&slices, 1, ["authz", "no-op"], |figures| {
            Some(figures.per_second)
        });
        assert_eq!(
            throughput,
            Some(Spread {
                median: 0.7,
                low: 0.5,
                high: 0.9
            })
        );
        assert_eq!(
            ratio(&slices, 4, ["authz", "no-op"], |figures| Some(
                figures.per_second
            )),
            None
        );
    }
}
