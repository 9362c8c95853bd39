//! A service whose routes a guard protects, and requests to it, without a network.
//!
//! The guard comes from code: a `TokenIssuer` document and the audience of the API. The issuer is
//! offline, which means that its keys are generated. A service in production calls
//! `Guard::builder(issuer, audiences).start(http, &process)` instead, and fetches the issuer's keys.

use anyhow::{Context, bail, ensure};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use portcullis_guard::{Authenticated, Guard, require_scope, require_user};
use portcullis_policy::{Issuer, Provider};
use portcullis_runtime::Problem;
use portcullis_token::{Audiences, OfflineIssuer, OfflineVerifier, unix_now};
use serde_json::{Map, Value, json};
use tower::ServiceExt;

const TOKEN_ISSUER: &str = "
apiVersion: portcullis.dev/v1alpha1
kind: TokenIssuer
metadata: {name: keycloak}
spec:
  oidc:
    issuer: https://id.example/realms/shop
    claims: {roles: realm_access.roles}
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    run().await
}

/// Sends the requests, and fails unless each is answered as expected.
pub(crate) async fn run() -> anyhow::Result<()> {
    let audiences = Audiences::Exactly(vec!["https://orders.example".to_owned()]);
    let generated = OfflineIssuer::new().context("the system's random numbers fail")?;
    let offline = offline(&generated).await?;
    let guard = Guard::with_verifier(offline.verifier(), audiences.clone());
    let service = guard.protect(Router::new().route("/orders", get(orders)));

    let claims = |wanted: Value| -> anyhow::Result<String> {
        let Value::Object(wanted) = wanted else {
            bail!("claims are an object");
        };
        sign(&generated, &offline, &audiences, &wanted)
    };
    let good = claims(json!({"scope": "orders.read"}))?;
    let other_scope = claims(json!({"scope": "profile"}))?;
    let elsewhere = claims(json!({"aud": "https://other.example", "scope": "orders.read"}))?;
    for (name, token, expected) in [
        ("no token", None, StatusCode::UNAUTHORIZED),
        (
            "another API's token",
            Some(elsewhere),
            StatusCode::UNAUTHORIZED,
        ),
        (
            "a token without the scope",
            Some(other_scope),
            StatusCode::FORBIDDEN,
        ),
        ("a good token", Some(good), StatusCode::OK),
    ] {
        let status = status(&service, token.as_deref()).await?;
        println!("{name}: {status}");
        ensure!(status == expected, "{name}: {status}, not {expected}");
    }
    Ok(())
}

/// A user's orders. Only the guard makes an `Authenticated`, so no route can omit it.
async fn orders(Authenticated { caller, .. }: Authenticated) -> Result<String, Problem> {
    require_user(&caller)?;
    require_scope(&caller, "orders.read")?;
    Ok(format!(
        "the orders of {} at {}",
        caller.object_id, caller.tenant
    ))
}

/// A verifier by the rules of the document and generated keys.
async fn offline(generated: &OfflineIssuer) -> anyhow::Result<OfflineVerifier> {
    let Issuer { provider, times } = Issuer::parse("issuer.yaml", TOKEN_ISSUER)?;
    Ok(match provider {
        Provider::Oidc(settings) => generated.oidc(settings, times).await,
        Provider::Entra(settings) => generated.entra(settings, times).await,
    })
}

fn sign(
    generated: &OfflineIssuer,
    offline: &OfflineVerifier,
    audiences: &Audiences,
    wanted: &Map<String, Value>,
) -> anyhow::Result<String> {
    let claims = offline.claims(audiences, unix_now(), wanted);
    generated
        .sign(&claims)
        .context("the system's random numbers fail")
}

async fn status(service: &Router, token: Option<&str>) -> anyhow::Result<StatusCode> {
    let mut request = Request::get("/orders");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Body::empty())?;
    Ok(service.clone().oneshot(request).await?.status())
}
