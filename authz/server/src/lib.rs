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
//!
//! # Modules
//!
//! | one request | |
//! |---|---|
//! | `service` | Envoy's authorization service over gRPC |
//! | `ext_authz` | Envoy's messages, with the fields that the authz server reads and writes |
//! | `handler` | from an encoded `CheckRequest` to an encoded `CheckResponse`, without a network |
//! | `check_request` | the request attributes that decisions use |
//! | `limits` | request limits |
//! | `authorizer` | verifies the token, applies the policy, limits the rate, and signs |
//! | `decision_cache` | the cache of verified callers |
//! | `cached_caller`, `shared_identity` | a verified caller, encoded once, with the parts that many callers share |
//! | `rate_limit` | the sliding window of each caller, in memory or in the rate-limit store |
//! | `check_decision` | decisions: admitted, denied, or a fault |
//! | `identity_headers` | the caller as headers |
//! | `reply`, `reply_part` | decisions as `CheckResponse`s, and their encoded parts |
//! | `decision_log` | one log record for each decision |
//!
//! | policies and keys | |
//! |---|---|
//! | `policy_source`, `yaml_files` | read the policy files |
//! | `policy_store` | the last good policies on disk |
//! | `reload` | polls the policy files and replaces the set in force |
//! | `routes` | the policies in force, each with the verifier of its tokens |
//! | `key_readiness` | readiness by the issuers' signing keys |
//! | `signing_keys`, `mac_keys` | the assertion keys and the MAC keys, polled from files |
//! | `signers` | the keys that sign assertions now |
//! | `key_document` | serves the public keys of assertions |
//!
//! | the program | |
//! |---|---|
//! | `settings`, `serve` | the settings of `portcullis serve`, and its run from start to drain |
//! | `admin_api` | the API for operators |
//! | `metrics` | metrics of events, and of the state at a scrape |
//! | `allocation` | the size of heap allocations, for memory budgets |
//! | `offline` | the authz server with generated keys and without a network, for `portcullis test` |

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
