//! The conformance runner against the shipped gateway and an Envoy with defaults.

mod bare;
mod shipped;
