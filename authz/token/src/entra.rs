//! Tokens of Microsoft Entra ID: which combinations of version, issuer, tenant, audience and actor
//! exist, and whom they speak for.

mod issuer;
mod settings;
#[cfg(test)]
mod tests;
mod token;

pub(crate) use issuer::{EntraIssuer, Origin};
pub use settings::{EntraSettings, InvalidEntraSettings, Tenants};
pub use token::EntraVersion;
