//! Policy documents, compiled: YAML becomes a [`PolicySet`], which turns a verified caller into a
//! [`Decision`].
//!
//! ```text
//! YAML ─ document ─▶ TokenIssuerSpec, RoutePolicySpec, DenyListSpec ─ compile ─▶ PolicySet ─▶ RoutePolicy ─ decide(Asked) ─▶ Decision
//! ```
//!
//! Pure: no clock, no I/O, no async. Rules only ever allow, and what no rule allows is denied. A
//! document with an error rejects the whole set, so that a mistake never widens what is allowed.

mod compile;
mod decision;
mod deny_list;
mod document;
mod entra_ids;
mod issuer;
mod problem;
mod required_claims;
mod requirement;
mod route_policy;
mod schema;
mod spec;
mod yaml;

pub use compile::PolicySet;
pub use decision::{Decision, Denial, DenialReason};
pub use document::did_you_mean;
pub use issuer::{Issuer, Provider};
pub use problem::{PolicyProblem, PolicyProblems};
pub use requirement::Requirement;
pub use route_policy::{
    AcceptedTokens, Asked, Binding, Explained, Grant, OnDenied, RateLimit, RoutePolicy, Rule,
    Upstream,
};
pub use schema::schema;
pub use yaml::{Place, YamlError};
