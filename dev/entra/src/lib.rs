//! An imitation of Microsoft Entra ID for development and tests. It forges identities on request,
//! so it is never an identity provider.
//!
//! ```text
//! settings ─▶ directory.yaml (tenants, users, applications) ─▶ router ─▶ TLS, authority of its own
//!          ─▶ state directory (authority, signing keys, sessions), written after each change
//!               ├─ discovery: metadata and signing keys
//!               ├─ sign-in: /authorize with its pages and sessions, sign-out
//!               ├─ token endpoints: code, refresh token, password, client credentials, on behalf of;
//!               │                   secret, certificate, federated token
//!               ├─ /v1.0: Microsoft Graph, which reads and changes the directory
//!               └─ managed identities: the endpoints of IMDS and of App Service
//! administrative listener ─▶ /dev: sign any token, rotate keys, set errors, delays and the clock
//! ```

mod access_token;
mod admin;
mod agent;
mod authentication_context;
mod authority;
mod certificates;
mod clock;
mod dev;
mod directory;
mod discovery;
mod entra;
#[cfg(test)]
mod fixture;
mod graph;
mod handles;
mod id_token;
mod in_process;
mod issued_token;
mod knobs;
mod managed_identity;
mod memory;
mod oauth_error;
mod parameters;
mod ports;
mod print_env;
mod random;
mod realm;
mod resource_manager;
mod router;
mod scope;
mod server;
mod settings;
mod sign_in;
mod signing_key;
mod state;
mod token_endpoint;
mod user_claims;
mod userinfo;
mod userrealm;
mod workload;

pub use in_process::InProcess;
pub use server::serve;
pub use settings::Settings;
pub use workload::Workload;

/// The JSON Schema of the directory file, as `dev-entra --print-schema` prints it.
#[must_use]
pub fn directory_schema() -> String {
    directory::schema()
}
