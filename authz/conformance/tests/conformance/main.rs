//! Tests a run against a gateway with faults, and the files generated from the list of headers.

mod careless;
mod page;
