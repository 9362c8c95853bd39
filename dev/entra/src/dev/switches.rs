//! Endpoints that change how dev-entra answers: faults, reachability and the clock.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use portcullis_runtime::{JsonBody, Problem};
use serde::Deserialize;
use serde_json::{Value, json};

use super::invalid;
use crate::clock::Clock;
use crate::entra::Entra;
use crate::knobs::Fault;

/// `POST /dev/faults`: sets a fault for the next requests of an endpoint.
pub(crate) async fn add_fault(
    State(entra): State<Arc<Entra>>,
    JsonBody(fault): JsonBody<Fault>,
) -> Result<Json<Value>, Problem> {
    let added = entra.knobs.faults.add(fault);
    added.map_err(|(field, problem)| invalid(field, &problem))?;
    Ok(faults(State(entra)).await)
}

/// `GET /dev/faults`: lists the faults that wait for requests.
pub(crate) async fn faults(State(entra): State<Arc<Entra>>) -> Json<Value> {
    Json(json!({ "faults": entra.knobs.faults.all() }))
}

/// `DELETE /dev/faults`: removes all faults.
pub(crate) async fn clear_faults(State(entra): State<Arc<Entra>>) -> StatusCode {
    entra.knobs.faults.clear();
    StatusCode::NO_CONTENT
}

/// `POST /dev/down`: closes the port of traffic and all its connections.
pub(crate) async fn down(State(entra): State<Arc<Entra>>) -> Result<StatusCode, Problem> {
    set_gate(&entra, false).await
}

/// `POST /dev/up`: opens the port of traffic again.
pub(crate) async fn up(State(entra): State<Arc<Entra>>) -> Result<StatusCode, Problem> {
    set_gate(&entra, true).await
}

async fn set_gate(entra: &Entra, open: bool) -> Result<StatusCode, Problem> {
    tracing::info!(open, "port of traffic changed");
    let changed = entra.knobs.gate.set(open).await;
    changed.map_err(|error| Problem::internal(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// A time of the clock.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ClockSetting {
    /// Seconds after the clock of the system.
    offset_seconds: i64,
}

/// `POST /dev/clock`: shifts the clock.
pub(crate) async fn set_clock(
    State(entra): State<Arc<Entra>>,
    JsonBody(ClockSetting { offset_seconds }): JsonBody<ClockSetting>,
) -> Result<Json<Value>, Problem> {
    if offset_seconds.saturating_abs() > Clock::MOST {
        let range = format!("takes {} to {}", -Clock::MOST, Clock::MOST);
        return Err(invalid("offsetSeconds", &range));
    }
    entra.knobs.clock.shift(offset_seconds);
    tracing::info!(offset_seconds, "clock shifted");
    Ok(Json(json!({ "now": entra.knobs.clock.now() })))
}
