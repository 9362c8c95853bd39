//! The router over a real database of either kind, with callers injected where the guard would put them.

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

/// One test for each kind of database.
macro_rules! on_both {
    ($($(#[$attribute:meta])* async fn $name:ident($backend:ident) $body:block)+) => { $(
        mod $name {
            #[allow(unused_imports, reason = "not every test needs everything")]
            use super::*;
            $(#[$attribute])*
            async fn check($backend: portcullis_database::Backend) $body
            #[tokio::test]
            async fn sqlite() {
                check(portcullis_database::Backend::Sqlite).await;
            }
            #[tokio::test]
            async fn postgres() {
                check(portcullis_database::Backend::Postgres).await;
            }
        }
    )+ };
}
use on_both;
