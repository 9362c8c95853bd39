//! Checks tokens of any OpenID Connect provider and reads their callers. The settings name the
//! claims; the defaults are those of RFC 9068.

mod client;
mod issuer;
mod kind;
mod settings;
#[cfg(test)]
mod tests;
mod token;

pub(crate) use issuer::{OidcIssuer, OidcOrigin};
pub use kind::{InvalidKindRule, KindRule};
pub use settings::{ClaimNames, InvalidOidcSettings, OidcKeys, OidcSettings};
