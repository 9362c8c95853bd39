//! Claims, and the rules for them that do not depend on the issuer.

mod claim_set;
mod confirmation;
mod guid;
mod required;
mod times;

pub use claim_set::Claims;
pub(crate) use claim_set::wrong;
pub(crate) use confirmation::check_confirmation;
pub(crate) use guid::is_guid;
pub use guid::normalize_guid;
pub(crate) use required::FOR_READING_ONLY;
pub use required::{InvalidRequirement, RequiredClaims};
pub use times::TimeRules;
