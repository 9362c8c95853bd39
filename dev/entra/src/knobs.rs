//! What tests can change about a running dev-entra: the clock, errors and delays, whether it is
//! reachable, and a weak key.

mod faults;
mod gate;
pub(crate) mod weak_key;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::clock::Clock;
use crate::entra::Entra;

pub(crate) use faults::{Fault, Faults};
pub(crate) use gate::Gate;

/// The knobs of one instance.
#[derive(Debug, Default)]
pub(crate) struct Knobs {
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) gate: Gate,
    /// Whether the key set has the weak key.
    pub(crate) publishes_weak_key: AtomicBool,
}

/// Runs a request by the clock of the instance.
pub(crate) async fn with_clock(
    State(entra): State<Arc<Entra>>,
    request: Request,
    next: Next,
) -> Response {
    entra.knobs.clock.clone().within(next.run(request)).await
}

/// Answers a request with the fault that a test has set for it, if any.
pub(crate) async fn with_faults(
    State(entra): State<Arc<Entra>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(fault) = entra.knobs.faults.take(request.uri().path()) else {
        return next.run(request).await;
    };
    tokio::time::sleep(fault.delay()).await;
    match fault.response() {
        Some(response) => response,
        None => next.run(request).await,
    }
}
