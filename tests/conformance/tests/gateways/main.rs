//! The conformance runner against real gateways: one that ships, one with Envoy's defaults.

mod bare;
mod shipped;
