//! Verifies one access token: JWS, keys, issuer, audience, tenant and time become a [`Caller`].
//!
//! ```text
//! Authorization line ─ bearer ─▶ token ─ jws ─▶ claims ─ issuers: entra │ oidc ─▶ Caller
//!                                         │                                         ▲
//!                                         └─ kid ─▶ keys (discovery + JWKS) ────────┘ signature
//! ```
//!
//! The authz server and every service use this crate, so that a token gets the same decision
//! wherever it is presented. Each denial is a [`TokenDenied`]: a reason code and a sentence that
//! says what to do instead.
//!
//! # Items by task
//!
//! | to | use |
//! |---|---|
//! | verify a token | [`Verifier`], [`Audiences`], [`TimeRules`]; the result is [`Verified`] with its [`Caller`], or [`TokenDenied`] with its [`Reason`] |
//! | read the `Authorization` line | [`bearer_token`], [`Authorization`] |
//! | describe Microsoft Entra ID as issuer | [`EntraSettings`], [`Tenants`], [`EntraVersion`], [`normalize_guid`] |
//! | describe another OpenID Connect provider | [`OidcSettings`], [`OidcKeys`], [`ClaimNames`], [`KindRule`], [`RequiredClaims`] |
//! | refresh, share and store signing keys | [`KeyPolicy`], [`KeySources`], [`KeyStore`], [`KeyStatus`], [`MissingKeys`] |
//! | verify without a network in tests | [`OfflineIssuer`], [`OfflineVerifier`] |
//! | verify a JWS of your own | [`open`], [`UnverifiedJws`], [`KeySet`], [`VerificationKey`], [`Algorithm`], [`Claims`] |
//! | publish and fetch keys of your own | [`KeySource`], [`KeyCache`], [`PublishedKeys`], [`PolledKeySet`] |
//!
//! # Example
//!
//! An API accepts the tokens of one OpenID Connect provider. `examples/verify_token.rs` also shows
//! what a denied token looks like.
//!
//! ```
//! use std::time::Duration;
//!
//! use portcullis_token::{
//!     Audiences, CallerKind, ClaimNames, KeyPolicy, OidcKeys, OidcSettings, TimeRules, Verifier,
//! };
//!
//! # // The key of RFC 7515, appendix A.3.
//! # const JWKS: &str = r#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1",
//! #     "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
//! #     "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
//! # const TOKEN: &str = "\
//! #     eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.\
//! #     eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiOiJvcmRlcnMiLCJzdWIiOiJhZGEiLCJzaWQi\
//! #     OiIxIiwiaWF0IjoxODAwMDAwMDAwLCJleHAiOjE4MDAwMDM2MDAsInJvbGVzIjpbIlJlYWRlciJdfQ.\
//! #     qaLe5aXlhlMOrQVxNsMXaOWMGKYzS1SwloZ1qexdErOJq7mUNeBFFszWH2xJhcrYhnuNBNammweumEK4JCkNbg";
//! # const NOW: u64 = 1_800_000_000;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // `OidcKeys::Discovery` fetches the keys that the provider publishes, and keeps them fresh.
//! let keys = OidcKeys::Inline(JWKS.to_owned());
//! let algorithms = ["ES256".to_owned()];
//! let issuer = OidcSettings::new("https://id.example", &keys, &algorithms, ClaimNames::default());
//!
//! let http = reqwest::Client::builder()
//!     .redirect(reqwest::redirect::Policy::none())
//!     .build()?;
//! let verifier = Verifier::oidc(
//!     &http,
//!     issuer.expect("the settings are valid"),
//!     &KeyPolicy::default(),
//!     TimeRules::default(),
//! );
//! verifier.ready(Duration::from_secs(10)).await?;
//!
//! // `unix_now()` is the time of a real request.
//! let audiences = Audiences::Exactly(vec!["orders".to_owned()]);
//! let caller = verifier.verify(TOKEN, &audiences, NOW).await?.caller;
//! assert_eq!(caller.kind, CallerKind::User);
//! assert_eq!(caller.object_id, "ada");
//! assert!(caller.has_role("Reader"));
//! # Ok(())
//! # }
//! ```

// A module uses only modules of the groups above its own. A test checks it.
mod caller;
mod clock;
mod connection_failure;
mod jitter;
mod token_denied;

mod jws;

mod bearer;
mod claims;
mod keys;

mod jwt;

mod issuers;

mod verifier;

mod offline;

#[cfg(test)]
mod module_order_tests;
#[cfg(test)]
mod signed_tokens;

pub use bearer::{Authorization, bearer_token};
pub use caller::{Caller, CallerKind};
pub use claims::{Claims, InvalidRequirement, RequiredClaims, TimeRules, normalize_guid};
pub use clock::unix_now;
pub use connection_failure::connection_failure;
pub use issuers::{
    Audiences, ClaimNames, EntraSettings, EntraVersion, InvalidEntraSettings, InvalidKindRule,
    InvalidOidcSettings, KindRule, OidcKeys, OidcSettings, Tenants,
};
pub use jitter::random_pause;
pub use jws::{Algorithm, MAX_TOKEN_LENGTH};
pub use jwt::{JwsAlgorithm, UnverifiedJws, key_id_of, open};
pub use keys::{
    FetchError, FetchedKeys, InvalidKey, InvalidKeyStore, KeyCache, KeyLocation, KeyPolicy, KeySet,
    KeySetError, KeySource, KeySources, KeyStatus, KeyStore, PolledKeySet, PublishedKeys,
    VerificationKey, check_owner,
};
pub use offline::{OfflineIssuer, OfflineVerifier};
pub use token_denied::{Reason, TokenDenied};
pub use verifier::{MissingKeys, Verified, Verifier};
