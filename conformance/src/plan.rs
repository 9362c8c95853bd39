//! What will be tried: groups of cases, each made on demand from its number.

mod headers;
mod paths;
mod smuggling;

use std::collections::BTreeSet;
use std::fmt;

use crate::canary::Canary;
use crate::case::{Case, Setting};
use crate::target::{Routes, Target};

pub(crate) use smuggling::Manner;

/// Cases of one kind. The number of a case is in its canaries.
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) cases: usize,
    pub(crate) kind: Kind,
    make: Box<dyn Fn(Canary) -> Option<Made> + Send + Sync>,
}

/// What a case must not do.
pub(crate) enum Kind {
    /// Carry a planted value to the service as an identity header.
    Headers,
    /// Reach a handler that is not among these.
    Paths(Box<dyn Fn(u32) -> BTreeSet<String> + Send + Sync>),
    /// Carry a second request to the service, or make two answers change places.
    Smuggling(Box<dyn Fn(u32) -> Manner + Send + Sync>),
}

/// A case, and the honest request that it grew from.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) case: Case,
    pub(crate) setting: Setting,
}

impl Plan {
    /// The case that a canary names, if there is one.
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

/// Everything, in the order in which it is tried. Desynchronized connections come last, so that
/// they disturb nothing else.
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
