//! The order in which cases are measured, and the baseline of each slice.

use crate::measured::Figures;

/// Number of cases between two slices of the baseline. With more, the speed of the machine may
/// change in between. With fewer, a round takes longer.
const BETWEEN_BASELINES: usize = 3;

/// The index of the baseline.
pub(crate) const BASELINE: usize = 0;

/// The cases of one round, with the baseline first, last and in between. Every second round is
/// reversed, so that a machine that becomes slower or faster favours no case.
pub(crate) fn order(cases: usize, reversed: bool) -> Vec<usize> {
    let mut others: Vec<usize> = (BASELINE + 1..cases).collect();
    if reversed {
        others.reverse();
    }
    let mut order = vec![BASELINE];
    for some in others.chunks(BETWEEN_BASELINES) {
        order.extend(some);
        order.push(BASELINE);
    }
    order
}

/// For each slice of a round the mean of the nearest baselines before and after it.
pub(crate) fn baselines(slices: &[(usize, Figures)]) -> Vec<Option<Figures>> {
    let around = |at: usize| {
        let (before, after) = slices.split_at_checked(at)?;
        match (first(before.iter().rev()), first(after)) {
            (Some(before), Some(after)) => Some(before.mean(after)),
            (one, other) => one.or(other),
        }
    };
    (0..slices.len()).map(around).collect()
}

fn first<'a>(slices: impl IntoIterator<Item = &'a (usize, Figures)>) -> Option<Figures> {
    slices
        .into_iter()
        .find(|(case, _)| *case == BASELINE)
        .map(|(_, figures)| *figures)
}

#[cfg(test)]
mod tests {
    use super::{baselines, order};
    use crate::measured::Figures;

    fn figures(per_second: f64) -> Figures {
        let zero = 0.0;
        Figures {
            requests: zero,
            p50_us: zero,
            p99_us: zero,
            per_second,
            envoy_us: zero,
            server_us: None,
        }
    }

    #[test]
    fn order_brackets_the_cases_and_reverses_them() {
        assert_eq!(order(6, false), [0, 1, 2, 3, 0, 4, 5, 0]);
        assert_eq!(order(6, true), [0, 5, 4, 3, 0, 2, 1, 0]);
        assert_eq!(order(1, false), [0]);
    }

    #[test]
    fn baselines_are_the_mean_of_the_nearest() {
        let slices = [
            (0, 10.0),
            (3, 1.0),
            (2, 1.0),
            (0, 20.0),
            (1, 1.0),
            (0, 40.0),
        ];
        let slices = slices.map(|(case, per_second)| (case, figures(per_second)));
        let found: Vec<f64> = baselines(&slices)
            .into_iter()
            .map(|it| it.unwrap().per_second)
            .collect();
        assert_eq!(found, [10.0, 15.0, 15.0, 15.0, 30.0, 30.0]);
        assert_eq!(baselines(&[(1, figures(1.0))]), [None]);
    }
}
