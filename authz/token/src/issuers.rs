//! Issuers of tokens: which keys must verify a token, and which caller it proves.

mod audience;
mod entra;
mod entra_version;
mod issuer;
mod oidc;

pub use audience::Audiences;
pub(crate) use entra::EntraIssuer;
pub use entra::{EntraSettings, InvalidEntraSettings, Tenants};
pub use entra_version::EntraVersion;
pub(crate) use issuer::{Issuer, Origin};
pub(crate) use oidc::OidcIssuer;
pub use oidc::{
    ClaimNames, InvalidKindRule, InvalidOidcSettings, KindRule, OidcKeys, OidcSettings,
};
