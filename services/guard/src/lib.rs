//! The axum layer that verifies the caller of a request, by an assertion or a bearer token. Bare
//! headers never name a caller.
//!
//! ```text
//! request ─ Guard ─┬─ X-Portcullis-Assertion (with TRUST_GATEWAY) ─┬─▶ Authenticated ─▶ handler
//!                  └─ Authorization: Bearer ───────────────────────┘
//! ```

mod applications;
mod assertion_keys;
mod assertion_verifier;
mod authenticated;
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
