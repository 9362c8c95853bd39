//! Obtains tokens of Entra ID for a service: on behalf of its users, and as itself.
//!
//! ```text
//! EntraClient::on_behalf_of(tenant, user's token, scope) ─┐
//! EntraClient::as_itself(scope) ──────────────────────────┴▶ TokenCache ─▶ Budget ─▶ TokenEndpoint
//!
//! TokenCache      by grant: one request in flight, early refresh, bounded
//! Budget          retries, Retry-After
//! TokenEndpoint   posts a form with a ClientCredential: secret, certificate or federated token
//! ```
//!
//! The crate posts forms itself, because no Rust library exchanges a user's token. It never prints
//! a token or a secret.

mod access_token;
mod application;
mod cache;
mod challenge;
mod client;
mod credential;
mod error;
mod grant;
mod metrics;
mod reply;
mod retry;
mod settings;
mod token_endpoint;
mod token_source;

pub use access_token::AccessToken;
pub use application::Application;
pub use challenge::ClaimsChallenge;
pub use client::EntraClient;
pub use credential::{ClientCredential, ClientSecret, CredentialError};
pub use error::{AadstsNumbers, TokenError};
pub use metrics::TokenMetrics;
pub use retry::Budget;
pub use settings::CredentialSettings;
