//! The router over a real database of either kind, with callers injected where the guard would put
//! them.

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
