//! Tests a gateway for spoofed headers, confused paths and smuggled requests.
//!
//! - Spoofed headers: identity headers of a client that reach the service.
//! - Confused paths: paths that gateway and service read differently.
//! - Smuggled requests: requests whose end gateway and service see in different places.
//!
//! ```text
//! corpus (spoof, path, smuggle) ─▶ Plan ─▶ workers ─ http1, http2: raw bytes ─▶ gateway ─▶ Echo
//!                                                                                           │
//!                            Report ◀─ judge ◀─────────────────────── records ──────────────┘
//! ```
//!
//! Each case has unique values. A finding depends only on what arrived at the service and on the
//! answers that clients got, never on what the gateway reports.

mod answer;
mod canary;
mod case;
pub mod echo;
mod escape;
mod exchange;
mod http1;
mod http2;
mod identity;
mod path;
mod plan;
pub mod removed;
mod report;
mod run;
mod smuggle;
mod spoof;
mod target;
mod template;

pub use echo::{Echo, Handlers, SAMPLE_HANDLERS};
pub use identity::IdentityHeaders;
pub use report::{Finding, Group, Report};
pub use run::{Progress, run};
pub use target::{Protected, Target};
