//! Compiles policy documents: YAML becomes a [`PolicySet`], which decides about verified callers.
//!
//! ```text
//! YAML ─ document ─▶ TokenIssuerSpec, RoutePolicySpec, DenyListSpec ─ compile ─▶ PolicySet
//! PolicySet ─▶ RoutePolicy ─ decide(AccessRequest) ─▶ Decision
//! ```
//!
//! The crate is pure: no clock, no I/O, no async. Rules only allow, and a request that no rule
//! allows is denied. A policy error rejects the whole set, so that a mistake never allows more.
//!
//! # Example
//!
//! Anyone may read articles, and users with a scope may also write them:
//!
//! ```
//! use portcullis_policy::{AccessRequest, Decision, PolicySet};
//! use portcullis_token::{Caller, CallerKind, Claims, Verified};
//!
//! let documents = "
//! apiVersion: portcullis.dev/v1alpha1
//! kind: TokenIssuer
//! metadata: {name: entra}
//! spec:
//!   entra: {tenants: [11111111-1111-4111-8111-111111111111]}
//! ---
//! apiVersion: portcullis.dev/v1alpha1
//! kind: RoutePolicy
//! metadata: {name: articles}
//! spec:
//!   issuer: entra
//!   application: 3a5c0001-0000-4000-8000-000000000001
//!   allow:
//!     - {callers: users, scopes: [Articles.Write]}
//!     - {callers: anyone, methods: [GET]}
//!   upstream: {name: articles}
//! ";
//! let set = PolicySet::compile([("articles.yaml", documents)])?;
//! let policy = set.policy("articles").ok_or("the set has no such policy")?;
//!
//! // What `portcullis_token::Verifier` returns for the token of a request.
//! let author = Verified {
//!     caller: Caller {
//!         tenant: "11111111-1111-4111-8111-111111111111".to_owned(),
//!         object_id: "aaaaaaaa-0001-4000-8000-000000000001".to_owned(),
//!         kind: CallerKind::User,
//!         actor: None,
//!         name: None,
//!         email: None,
//!         roles: vec![],
//!         scopes: vec!["Articles.Write".to_owned()],
//!     },
//!     claims: Claims::default(),
//!     valid: 0..u64::MAX,
//!     key_epoch: 0,
//! };
//! let decide = |caller, method| policy.decide(&AccessRequest { caller, method });
//!
//! assert!(matches!(decide(Some(&author), "POST"), Decision::Allow { rule: 0, .. }));
//! assert!(matches!(decide(None, "GET"), Decision::Allow { rule: 1, .. }));
//! let Decision::Deny(denied) = decide(None, "POST") else {
//!     return Err("an anonymous request is allowed".into());
//! };
//! assert_eq!(denied.reason.code(), "caller_kind_not_allowed");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Items by task
//!
//! | task | items |
//! |---|---|
//! | compile documents | [`PolicySet`]; its [`Issuer`]s, each of a [`Provider`]; its [`RoutePolicy`]s |
//! | report mistakes | [`PolicyErrors`], [`PolicyError`], [`YamlError`], [`Place`], [`did_you_mean`] |
//! | place mistakes in other YAML files | [`places`]: [`Places`] |
//! | decide about a request | [`RoutePolicy::decide`]: [`AccessRequest`] to [`Decision`] |
//! | decide again for a cached caller | [`RoutePolicy::rule_for`] with a [`Grant`] |
//! | answer a denial | [`PolicyDenied`] with its [`DenialReason`], [`OnDenied`] |
//! | treat an allowed request | [`AcceptedTokens`], [`RateLimit`], [`Upstream`], [`Binding`] |
//! | explain a decision | [`RoutePolicy::explain`]: [`Explained`], [`Requirement`] |
//! | check documents in an editor | [`schema`] |

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
mod rule;
mod schema;
mod spec;
mod token_issuer;
mod yaml;

pub use compile::PolicySet;
pub use decision::{Decision, DenialReason, PolicyDenied};
pub use document::did_you_mean;
pub use issuer::{Issuer, Provider};
pub use problem::{PolicyError, PolicyErrors};
pub use requirement::Requirement;
pub use route_policy::{
    AcceptedTokens, AccessRequest, Binding, Explained, Grant, OnDenied, RateLimit, RoutePolicy,
    Upstream,
};
pub use schema::schema;
pub use yaml::{Place, Places, YamlError, places};
