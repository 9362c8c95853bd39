//! The axum layer that turns a request into a caller: by the gate's assertion or by a bearer token,
//! never by bare headers.
//!
//! ```text
//! request ─ Guard ─┬─ X-Portcullis-Assertion (only with TRUST_GATEWAY) ─ assertion ─┐
//!                  └─ Authorization: Bearer ─────────────────────────── token ──────┴─▶ Authenticated ─▶ handler
//! ```

mod applications;
mod assertion_keys;
mod authenticated;
mod gateway;
mod guard;
mod ids;
mod key_state;
mod mac_key_file;
mod replay;
mod requirements;
mod settings;

pub use applications::{ApplicationSettings, Applications};
pub use authenticated::{Authenticated, BearerToken};
pub use guard::Guard;
pub use ids::{id_contradiction, parse_id};
pub use requirements::{
    require_actor, require_any_role, require_application, require_scope, require_user,
};
pub use settings::GuardSettings;
