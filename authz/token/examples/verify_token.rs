//! Verifies tokens of an OpenID Connect provider, without a network.
//!
//! ```text
//! cargo run --example verify_token
//! ```

use std::error::Error;

use portcullis_token::{
    Audiences, ClaimNames, OfflineIssuer, OidcKeys, OidcSettings, TimeRules, Verified, Verifier,
    unix_now,
};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // An API that verifies real tokens makes its verifier by `Verifier::oidc`, with an HTTP client
    // and these settings. The generated key of the offline issuer stands for the provider's.
    let issuer = OfflineIssuer::new().ok_or("the system has no random numbers")?;
    let offline = issuer.oidc(settings()?, TimeRules::default()).await;
    let verifier = offline.verifier();

    let audiences = Audiences::Exactly(vec!["orders".to_owned()]);
    let now = unix_now();
    for (name, changes) in tokens(now) {
        let changes = changes.as_object().cloned().unwrap_or_default();
        let claims = offline.claims(&audiences, now, &changes);
        let token = issuer.sign(&claims).ok_or("the token cannot be signed")?;
        println!("{name}\n  {}", answer(&verifier, &audiences, &token).await);
    }
    Ok(())
}

fn settings() -> Result<OidcSettings, String> {
    let claims = ClaimNames {
        roles: "realm_access.roles".to_owned(),
        ..ClaimNames::default()
    };
    OidcSettings::new("https://id.example", &OidcKeys::Discovery, &[], claims).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        errors.join("; ")
    })
}

/// Tokens by name, each with its claims beside those that every token has.
fn tokens(now: u64) -> [(&'static str, Value); 4] {
    [
        (
            "a token of a user",
            json!({"realm_access": {"roles": ["Reader"]}}),
        ),
        ("a token for another API", json!({"aud": "invoices"})),
        (
            "a token of yesterday",
            json!({"iat": now - 90_000, "nbf": now - 90_000, "exp": now - 86_400}),
        ),
        (
            "a token of another issuer",
            json!({"iss": "https://evil.example"}),
        ),
    ]
}

/// What an API answers: it uses the caller, or it sends the denial.
async fn answer(verifier: &Verifier, audiences: &Audiences, token: &str) -> String {
    match verifier.verify(token, audiences, unix_now()).await {
        Ok(Verified { caller, .. }) => format!(
            "200: {} {} has the roles {:?}",
            caller.kind.as_str(),
            caller.object_id,
            caller.roles
        ),
        Err(fault) if fault.is_fault() => format!("503: {fault}"),
        Err(denied) => format!("401: {denied}\n  WWW-Authenticate: {}", denied.challenge()),
    }
}
