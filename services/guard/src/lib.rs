//! The axum layer that verifies the caller of a request, by an assertion or a bearer token. Bare
//! headers never name a caller.
//!
//! ```text
//! request ─ Guard ─┬─ X-Portcullis-Assertion (with TRUST_GATEWAY) ─┬─▶ Authenticated ─▶ handler
//!                  └─ Authorization: Bearer ───────────────────────┘
//! ```
//!
//! | to | use |
//! |---|---|
//! | protect the routes of a service with flags and environment variables | [`GuardSettings`], [`Guard::start`] |
//! | protect them from code | [`Guard::builder`], [`AssertionTrust`] |
//! | test a service offline | [`Guard::with_verifier`], `portcullis_token::OfflineIssuer` |
//! | read the caller in a handler | [`Authenticated`], [`BearerToken`] |
//! | deny callers by kind, scope, role or application | [`require_user`], [`require_application`], [`require_scope`], [`require_any_role`], [`require_actor`] |
//! | list the applications that may call | [`ApplicationSettings`], [`Applications`] |
//! | check ids of Entra in settings | [`parse_id`], [`id_contradiction`] |
//!
//! The issuer of the tokens is Entra, by four settings, or what a `TokenIssuer` document says: the
//! document of the authz server's policies, so that both decide alike. A caller of a provider
//! without tenants has the issuer as its tenant.
//!
//! A request without a token is denied, and one with a good token reaches the handler:
//!
//! ```
//! use axum::{Router, body::Body, http::Request, routing::get};
//! use portcullis_guard::{Authenticated, Guard};
//! use portcullis_policy::{Issuer, Provider};
//! use portcullis_token::{Audiences, OfflineIssuer, unix_now};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let document = "{apiVersion: portcullis.dev/v1alpha1, kind: TokenIssuer,
//!     metadata: {name: shop}, spec: {oidc: {issuer: 'https://id.example'}}}";
//! let issuer = Issuer::parse("issuer.yaml", document)?;
//! let Provider::Oidc(settings) = issuer.provider else { unreachable!() };
//! let generated = OfflineIssuer::new().ok_or("the system's random numbers fail")?;
//! let offline = generated.oidc(settings, issuer.times).await;
//!
//! let audiences = Audiences::Exactly(vec!["orders".to_owned()]);
//! let guard = Guard::with_verifier(offline.verifier(), audiences.clone());
//! let me = get(|Authenticated { caller, .. }: Authenticated| async move { caller.object_id });
//! let service = guard.protect(Router::new().route("/me", me));
//!
//! let denied = service.clone().oneshot(Request::get("/me").body(Body::empty())?).await?;
//! assert_eq!(denied.status(), 401);
//!
//! let claims = offline.claims(&audiences, unix_now(), &serde_json::Map::new());
//! let token = generated.sign(&claims).ok_or("the system's random numbers fail")?;
//! let request = Request::get("/me").header("authorization", format!("Bearer {token}"));
//! let admitted = service.oneshot(request.body(Body::empty())?).await?;
//! assert_eq!(admitted.status(), 200);
//! # Ok(())
//! # }
//! ```
//!
//! The program `examples/protect.rs` does the same with scopes and roles.

mod assertions;
mod guard;
mod requirements;
mod settings;

pub use assertions::AssertionTrust;
pub use guard::{Authenticated, BearerToken, Guard, GuardBuilder};
pub use requirements::{
    require_actor, require_any_role, require_application, require_scope, require_user,
};
pub use settings::{ApplicationSettings, Applications, GuardSettings, id_contradiction, parse_id};
