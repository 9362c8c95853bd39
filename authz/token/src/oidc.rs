//! Tokens of any OpenID Connect provider, by the names that its settings give to claims (RFC 9068
//! where they give none).

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
