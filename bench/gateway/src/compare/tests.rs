use super::{Spread, ratio, rows, to_base};
use crate::measured::{Figures, Measured};

fn slice(case: &'static str, round: u16, per_second: f64) -> Measured {
    let figures = Figures {
        requests: 1.0,
        p50_us: 1e6 / per_second,
        p99_us: 1.0,
        per_second,
        envoy_us: 1.0,
        server_us: case.starts_with("authz").then_some(2.0),
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
#[test]
fn case_with_a_base_has_ratios_to_it() {
    let slices = [
        slice("authz", 0, 90.0),
        slice("authz, base", 0, 100.0),
        slice("no-op", 0, 100.0),
    ];
    let found = to_base(&slices);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].case, "authz");
    assert!((found[0].per_second.median - 0.9).abs() < 1e-9);
    assert!((found[0].p50.median - 1.0 / 0.9).abs() < 1e-9);
    assert!((found[0].cpu.median - 1.0).abs() < 1e-9);
    assert!((found[0].server_cpu.median - 1.0).abs() < 1e-9);
}
