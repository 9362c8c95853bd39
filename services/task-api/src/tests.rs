//! Tests of the router over a real database of either kind, with injected callers.

mod bodies;
mod concurrency;
mod creation;
mod deliveries;
mod lists;
mod outages;
mod persistence;
mod roles;
mod service;
mod tasks;
