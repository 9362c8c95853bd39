//! Outcomes: what the system must do, tried through the real Envoy. Each group has a list of rows.

mod assertions;
mod bypass;
mod cors;
mod outage;
mod paths;
mod rate_limit;
mod roles;
mod row;
mod spoofing;
mod tasks;
mod tokens;

use futures::future::{BoxFuture, FutureExt};

use crate::Stack;
pub use row::Row;
pub(crate) use row::Rows;

/// Outcomes on one subject.
pub struct Group {
    /// Their subject.
    pub name: &'static str,
    /// Tries them and returns the results.
    pub run: for<'a> fn(&'a mut Stack) -> BoxFuture<'a, anyhow::Result<Vec<Row>>>,
}

/// Every group, in the order of the demo. The outage comes last, because it stops the authz server
/// for a moment.
pub const GROUPS: [Group; 11] = [
    Group {
        name: "tasks with a v2 token",
        run: |stack| tasks::v2(stack).boxed(),
    },
    Group {
        name: "tasks with a v1 token",
        run: |stack| tasks::v1(stack).boxed(),
    },
    Group {
        name: "roles",
        run: |stack| roles::rows(stack).boxed(),
    },
    Group {
        name: "bad tokens",
        run: |stack| tokens::rows(stack).boxed(),
    },
    Group {
        name: "spoofed identity",
        run: |stack| spoofing::rows(stack).boxed(),
    },
    Group {
        name: "assertions",
        run: |stack| assertions::rows(stack).boxed(),
    },
    Group {
        name: "round the gateway",
        run: |stack| bypass::rows(stack).boxed(),
    },
    Group {
        name: "rate limit",
        run: |stack| rate_limit::rows(stack).boxed(),
    },
    Group {
        name: "cross-origin",
        run: |stack| cors::rows(stack).boxed(),
    },
    Group {
        name: "unknown paths",
        run: |stack| paths::rows(stack).boxed(),
    },
    Group {
        name: "the authz server is down",
        run: |stack| outage::rows(stack).boxed(),
    },
];

/// Routes of the gateway that reach a service, with a method that the service supports.
pub(crate) const ROUTES: [(&str, &str); 6] = [
    ("GET", "/api/me"),
    ("GET", "/api/tasks"),
    ("DELETE", "/api/tasks/999999"),
    ("POST", "/notification/notify"),
    ("GET", "/notification/notifications"),
    ("GET", "/auditing/audit"),
];
