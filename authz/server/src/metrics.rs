//! Metrics: of events, which are counted when they happen, and of the state, which is read at each
//! scrape.

mod events;
mod memory;
mod state;

pub(crate) use events::{ALLOWED, Metrics};
pub(crate) use state::StateMetrics;
