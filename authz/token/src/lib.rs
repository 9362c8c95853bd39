//! Verifies one access token: JWS, keys, issuer, audience, tenant and time become a [`Caller`].
//!
//! ```text
//! Authorization line ─ bearer ─▶ token ─ compact, header ─▶ claims ─ entra │ oidc ─▶ Caller
//!                                               │                                      ▲
//!                                               └─ kid ─▶ KeyCache (discovery + JWKS) ─┘ signature
//! ```
//!
//! The authz server and every service use this crate, so that a token gets the same decision
//! wherever it is presented. Each denial is a [`TokenDenied`]: a reason code and a sentence that
//! says what to do instead.

mod algorithm;
mod audience;
mod bearer;
mod caller;
mod claims;
mod compact;
mod confirmation;
mod connection_failure;
mod entra;
mod fetch;
mod guid;
mod header;
mod header_memo;
mod issuer;
mod jwk;
mod key_cache;
mod key_set;
mod key_store;
mod members;
mod offline;
mod oidc;
mod open;
mod polled_key_set;
mod refusal_text;
mod required_claims;
#[cfg(test)]
mod signed_tokens;
#[cfg(test)]
mod simulated_time_tests;
mod strict_json;
mod token_denied;
mod unverified;
mod verifier;
#[cfg(test)]
mod wycheproof_tests;

pub use algorithm::Algorithm;
pub use audience::Audiences;
pub use bearer::{Authorization, bearer_token};
pub use caller::{Caller, CallerKind};
pub use claims::Claims;
pub use compact::MAX_TOKEN_LENGTH;
pub use connection_failure::connection_failure;
pub use entra::{EntraSettings, EntraVersion, InvalidEntraSettings, Tenants};
pub use fetch::{FetchError, FetchedKeys, KeyLocation, PublishedKeys};
pub use guid::normalize_guid;
pub use jwk::{InvalidKey, VerificationKey};
pub use key_cache::{KeyCache, KeyPolicy, KeySource, KeySources, KeyStatus};
pub use key_set::{KeySet, KeySetError};
pub use key_store::{InvalidKeyStore, KeyStore, check_owner};
pub use offline::{OfflineIssuer, OfflineVerifier};
pub use oidc::{
    ClaimNames, InvalidKindRule, InvalidOidcSettings, KindRule, OidcKeys, OidcSettings,
};
pub use open::{key_id_of, open};
pub use polled_key_set::PolledKeySet;
pub use required_claims::{InvalidRequirement, RequiredClaims};
pub use token_denied::{Reason, TokenDenied};
pub use unverified::{JwsAlgorithm, UnverifiedJws};
pub use verifier::{MissingKeys, TimeRules, Verified, Verifier, unix_now};
