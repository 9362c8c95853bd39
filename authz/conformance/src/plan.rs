//! The groups of cases of a run. A plan makes each case on demand, from its number.

mod headers;
mod paths;
mod smuggling;

use std::collections::BTreeSet;
use std::fmt;

use crate::canary::Canary;
use crate::case::{Case, Setting};
use crate::target::{Routes, Target};

pub(crate) use smuggling::Manner;

/// A group of cases of one kind. The canaries of a case have its number.
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) cases: usize,
    pub(crate) kind: Kind,
    make: Box<dyn Fn(Canary) -> Option<Made> + Send + Sync>,
}

/// The kind of a group: what its cases must not achieve.
pub(crate) enum Kind {
    /// A planted value reaches the service in an identity header.
    Headers,
    /// The request reaches a handler other than these.
    Paths(Box<dyn Fn(u32) -> BTreeSet<String> + Send + Sync>),
    /// A second request reaches the service, or a client gets another request's answer.
    Smuggling(Box<dyn Fn(u32) -> Manner + Send + Sync>),
}

/// A case, and the honest request that it modifies.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) case: Case,
    pub(crate) setting: Setting,
}

impl Plan {
    /// Makes the case that `canary` identifies, if the plan has it.
    pub(crate) fn make(&self, canary: Canary) -> Option<Made> {
        (self.make)(canary)
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Plan")
            .field("name", &self.name)
            .field("cases", &self.cases)
            .finish_non_exhaustive()
    }
}

/// All plans, in the order of the run. Smuggling comes last, because desynchronized connections may
/// disturb other cases.
pub(crate) fn plans(target: &Target, routes: &Routes, http2: bool) -> Vec<Plan> {
    let all = [
        headers::plans(target, http2),
        paths::plans(target, routes, http2),
        smuggling::plans(target, http2),
    ];
    all.into_iter().flatten().collect()
}

fn version(http2: bool) -> &'static str {
    if http2 { "h2" } else { "h1" }
}
