//! Compiles policy documents: YAML becomes a [`PolicySet`], which decides about verified callers.
//!
//! ```text
//! YAML ─ document ─▶ TokenIssuerSpec, RoutePolicySpec, DenyListSpec ─ compile ─▶ PolicySet
//! PolicySet ─▶ RoutePolicy ─ decide(AccessRequest) ─▶ Decision
//! ```
//!
//! The crate is pure: no clock, no I/O, no async. Rules only allow, and a request that no rule
//! allows is denied. A policy error rejects the whole set, so that a mistake never allows more.

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
pub use decision::{Decision, DenialReason, PolicyDenied};
pub use document::did_you_mean;
pub use issuer::{Issuer, Provider};
pub use problem::{PolicyError, PolicyErrors};
pub use requirement::Requirement;
pub use route_policy::{
    AcceptedTokens, AccessRequest, Binding, Explained, Grant, OnDenied, RateLimit, RoutePolicy,
    Rule, Upstream,
};
pub use schema::schema;
pub use yaml::{Place, YamlError};
