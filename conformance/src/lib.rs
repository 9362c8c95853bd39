//! Tries a gateway for three kinds of holes: identity headers that a client can spoof, paths that
//! gateway and service read differently, and requests whose end they see in different places.
//!
//! ```text
//! corpus (spoof, path, smuggle) ─▶ Plan ─▶ workers ─ http1, http2: bytes as they are ─▶ gateway ─▶ Echo
//!                                                                                                   │
//!                            Report ◀─ judge ◀──────────── what the echo saw ◀─ records ────────────┘
//! ```
//!
//! Each case carries values that occur nowhere else. What counts is what arrived at the service,
//! never what a gateway says it did.

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
