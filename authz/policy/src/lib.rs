//! Policy documents, compiled: YAML becomes a [`PolicySet`], which turns a verified caller into a [`Decision`].
//!
//! ```text
//! YAML ─ document ─▶ TokenIssuerSpec, RoutePolicySpec ─ compile ─▶ PolicySet ─▶ RoutePolicy ─ decide(Caller) ─▶ Decision
//! ```
//!
//! Pure: no clock, no I/O, no async. Rules only ever allow, and what no rule allows is denied. A document with an error
//! rejects the whole set, so that a mistake never widens what is allowed.

mod compile;
mod decision;
mod document;
mod issuer;
mod problem;
mod route_policy;
mod spec;

pub use compile::PolicySet;
pub use decision::{Decision, Denial, DenialReason};
pub use issuer::{Issuer, Provider};
pub use problem::{PolicyProblem, PolicyProblems};
pub use route_policy::{RateLimit, RoutePolicy, Rule, Upstream};
