//! The authz server: answers Envoy's `CheckRequest`s.
//!
//! A decision says who calls, whether they may, at what rate, and what the upstream learns of them.
//!
//! ```text
//! Envoy ─ bytes ─▶ service ─▶ Handler: check_request ───────▶ Authorizer ─▶ reply ─ bytes ─▶ Envoy
//!                                                               │
//!   policy files ─▶ PolicySet ─▶ Routes ────────────────────────┤ verify, decide, limit rate, sign
//!   issuer ─▶ signing keys ─▶ Verifier ─────────────────────────┘
//! ```
//!
//! A denial is a `CheckResponse`, as an allowed request is. A fault is a gRPC error: Envoy then
//! answers 503 and forwards nothing.

mod admin_api;
mod allocation;
mod authorizer;
mod cached_caller;
mod check_decision;
mod check_request;
mod decision_cache;
mod decision_log;
pub mod ext_authz;
mod handler;
mod held_metrics;
mod identity_headers;
mod key_document;
mod key_readiness;
mod limits;
mod mac_keys;
mod metrics;
mod offline;
mod policy_source;
mod policy_store;
mod rate_limit;
mod reload;
mod reply;
mod reply_part;
mod routes;
mod serve;
mod service;
mod settings;
mod shared_identity;
mod signers;
mod signing_keys;
mod state_metrics;
mod yaml_files;

pub use handler::{Handler, Unanswered};
pub use identity_headers::OWN as IDENTITY_HEADERS;
pub use offline::OfflinePolicies;
pub use policy_source::PolicyText;
pub use policy_store::{InvalidPolicyStore, PolicyStore};
pub use rate_limit::{
    InvalidStoreUrl, LimitMemory, MeasuredLimits, POSSIBLE_MIB, RateLimitSettings, Shortage,
    StoreUrl, USUAL_MIB, WhenStoreIsDown,
};
pub use serve::serve;
pub use settings::ServeSettings;
pub use yaml_files::{list as list_yaml_files, read as read_yaml_file};
