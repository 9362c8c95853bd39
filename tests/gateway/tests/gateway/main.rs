//! Tests of the running gateway: the real Envoy, all programs, and failures around them.

mod admin_api;
mod assertion_keys;
mod canary;
mod contract;
mod envoy_fields;
mod failure;
mod health;
mod issuer_outage;
mod limits;
mod linked_tests;
mod lint_tells_the_truth;
mod nothing_lost;
mod obtain;
mod oidc;
mod outcomes;
mod own_service;
mod published_attacks;
mod reload;
mod removed_headers;
mod replicas;
mod request_limits;
mod routes;
mod slow_clients;
mod step_up;
mod tls;
mod traces;
