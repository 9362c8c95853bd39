//! Tests the guard of a real router, with dev-entra over TLS and an authz server that signs and
//! publishes keys.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

mod assertions;
mod authz;
mod from_code;
mod issuer;
mod issuers;
mod mac_keys;
#[expect(
    dead_code,
    reason = "the test calls the example without its main function"
)]
#[path = "../../examples/protect.rs"]
mod protect;
mod protected_service;
mod provider;
mod removed_keys;
mod start;
mod tokens;

#[tokio::test]
async fn example_denies_and_admits_requests() {
    protect::run().await.unwrap();
}

/// The home tenant of the service.
const CONTOSO: &str = "11111111-1111-4111-8111-111111111111";
/// Another tenant of the same issuer.
const FABRIKAM: &str = "22222222-2222-4222-8222-222222222222";
/// The service's application, and so its tokens' audience.
const TASK_API: &str = "3a5c0001-0000-4000-8000-000000000001";
/// The service's name in the authz server's policies, and so its assertions' audience.
const UPSTREAM: &str = "task-api";
