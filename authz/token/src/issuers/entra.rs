//! Checks tokens of Microsoft Entra ID and reads their callers. A token must have a combination of
//! version, issuer, tenant, audience and actor that Entra issues.

mod issuer;
mod settings;
mod tenant_keys;
#[cfg(test)]
mod tests;
mod token;

pub(crate) use issuer::{EntraIssuer, Origin};
pub use settings::{EntraSettings, InvalidEntraSettings, Tenants};
