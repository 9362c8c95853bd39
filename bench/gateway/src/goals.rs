//! The goals of each case with cached callers, and the results of the no-op servers. No server that
//! answers Checks can do better than a no-op server.

use serde::Serialize;

use crate::case::Case;
use crate::cases::JWT_UNCACHED;
use crate::compare::{Row, Spread, ratio};
use crate::measured::Measured;

/// A goal and the result of one case.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Judged {
    pub(crate) goal: &'static str,
    pub(crate) limit: Limit,
    pub(crate) case: &'static str,
    pub(crate) value: Spread,
    pub(crate) met: bool,
}

/// The limit of a value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

impl Limit {
    fn allows(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }
}

/// Connections at which a client notices the hop most.
const ALONE: u16 = 1;
/// Connections at which Envoy's thread is saturated.
const SATURATED: u16 = 64;

const ADDED: &str = "p50 at 1 connection beyond no auth, µs";
const OF_FLOOR: &str = "p50 at 1 connection, × no-op";
const OF_NO_AUTH: &str = "throughput at 64, × no auth";
const OF_JWT: &str = "throughput at 64, × jwt_authn uncached";
const CPU_OF_FLOOR: &str = "server CPU per request at 64, × no-op";

/// Judges every floor and every case with a floor, goal by goal. Omits goals without a measured
/// value.
pub(crate) fn judged(cases: &[Case], slices: &[Measured], rows: &[Row]) -> Vec<Judged> {
    let floors = cases
        .iter()
        .filter(|case| case.is_floor())
        .map(|floor| (*floor, *floor));
    let others = cases.iter().filter_map(|case| Some((*case, case.floor()?)));
    let judged: Vec<(Case, Case)> = floors.chain(others).collect();
    let value = |goal: &str, case: Case, floor: Case| {
        let row = |connections| {
            rows.iter()
                .find(|row| row.case == case.name && row.connections == connections)
        };
        let to_floor = [case.name, floor.name];
        let to_jwt = [case.name, JWT_UNCACHED.name];
        match goal {
            ADDED => row(ALONE).map(|row| row.added_p50_us),
            OF_FLOOR => ratio(slices, ALONE, to_floor, |figures| Some(figures.p50_us)),
            OF_NO_AUTH => row(SATURATED).map(|row| row.of_no_auth),
            OF_JWT => ratio(slices, SATURATED, to_jwt, |figures| {
                Some(figures.per_second)
            }),
            _ => ratio(slices, SATURATED, to_floor, |figures| figures.server_us),
        }
    };
    let goals = [
        (ADDED, Limit::AtMost(250.0)),
        (OF_FLOOR, Limit::AtMost(1.3)),
        (OF_NO_AUTH, Limit::AtLeast(0.5)),
        (OF_JWT, Limit::AtLeast(1.15)),
        (CPU_OF_FLOOR, Limit::AtMost(1.2)),
    ];
    let judge = |goal, limit: Limit, case: Case, floor: Case| {
        // A floor is not compared with itself.
        if case.name == floor.name && [OF_FLOOR, CPU_OF_FLOOR].contains(&goal) {
            return None;
        }
        let value = value(goal, case, floor)?;
        Some(Judged {
            goal,
            limit,
            case: case.name,
            value,
            met: limit.allows(value.median),
        })
    };
    goals
        .iter()
        .flat_map(|(goal, limit)| {
            judged
                .iter()
                .filter_map(|(case, floor)| judge(*goal, *limit, *case, *floor))
        })
        .collect()
}
