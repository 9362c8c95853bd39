//! The gate: answers Envoy's question who is calling, may they, at what rate, and what the service
//! behind should learn of them.
//!
//! ```text
//! Envoy ─ bytes ─▶ service (tonic) ─▶ Handler: wire, check_request ─▶ Gate ─▶ reply ─▶ bytes ─▶ Envoy
//!                                                       │
//!   policy files ─▶ PolicySet ─▶ Routes ────────────────┤ verify token → decide → limit rate → sign
//!   issuer ─▶ signing keys ─▶ Verifier ─────────────────┘
//! ```
//!
//! A deny is an answer like an allow. A fault of ours is a gRPC error, on which Envoy answers 503
//! and lets nothing through.

mod administration;
mod allocation;
mod cases;
mod check;
mod check_request;
mod command_line;
mod conformance;
mod decision_cache;
mod decision_log;
mod explain;
mod gate;
mod generated;
mod handler;
mod held_metrics;
mod identity_headers;
mod in_force;
mod key_document;
mod key_readiness;
mod known_caller;
mod limits;
mod lint;
mod mac_keys;
mod manual;
mod metrics;
mod policy_source;
mod policy_store;
mod rate_limit;
mod rehearsal;
mod reload;
mod reply;
mod reply_bytes;
mod routes;
mod serve;
mod service;
mod shared_identity;
mod signers;
mod signing_keys;
mod state_metrics;
mod verdict;
mod wire;
mod yaml_files;

pub use cases::{TestArguments, test};
pub use check::{CheckArguments, check};
pub use command_line::{Command, CommandLine, ServeSettings};
pub use conformance::{ConformanceArguments, EchoArguments, conformance, conformance_echo};
pub use explain::{ExplainArguments, explain};
pub use generated::{CompletionArguments, completions, reference, schema};
pub use handler::{Handler, Unanswered};
pub use in_force::Replicas;
pub use lint::{LintArguments, lint};
pub use policy_store::{InvalidPolicyStore, PolicyStore};
pub use rate_limit::{
    InvalidStoreUrl, MeasuredLimits, RateLimitSettings, StoreUrl, WhenStoreIsDown,
};
pub use serve::serve;
