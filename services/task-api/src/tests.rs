//! Tests of the router over a real database of either kind, with injected callers.

mod bodies;
mod callers;
mod concurrency;
mod creation;
mod deliveries;
mod if_match;
mod lists;
mod outages;
mod persistence;
mod reach;
mod roles;
mod service;
mod tasks;
