use std::time::Duration;

use anyhow::Context;
use portcullis_policy::{self as policy, Decision, PolicySet, Provider, RoutePolicy};
use portcullis_token::{
    Authorization, KeyPolicy, TokenDenied, Verified, Verifier, bearer_token, unix_now,
};
use reqwest::Client;

use super::text::Text;
use portcullis_server::OfflinePolicies;

/// Maximum time to wait for an issuer's keys.
const KEYS_TIMEOUT: Duration = Duration::from_secs(10);

/// The request to explain.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExplainRequest<'a> {
    /// The value of the `Authorization` header.
    pub(super) line: &'a str,
    pub(super) method: &'a str,
}

/// Explains how the policy `name` decides on `request`. With `http` it also verifies the token's
/// signature.
pub(super) async fn explain(
    policies: PolicySet,
    name: &str,
    request: &ExplainRequest<'_>,
    http: Option<&Client>,
) -> anyhow::Result<String> {
    let offline = OfflinePolicies::new(policies).await?;
    let policy = offline
        .policies()
        .policy(name)
        .context("the policy is in the set")?;
    let mut text = Text::default();
    text.policy(policy);
    let decision = match http {
        Some(http) => {
            verify_with_issuer_keys(offline.policies(), policy, request.line, http).await?
        }
        None => verify_claims(&offline, policy, request.line),
    };
    let checked = if http.is_some() {
        "checked"
    } else {
        "NOT checked; give --check-signature to fetch the issuer's keys"
    };
    text.line("signature", checked);
    let verified = match decision {
        Ok(verified) => verified,
        Err(denied) => {
            text.token_denied(&denied);
            return Ok(text.into_string());
        }
    };
    if let Some(verified) = &verified {
        text.caller(&verified.caller);
    }
    let access = policy::AccessRequest {
        caller: verified.as_ref(),
        method: request.method,
    };
    text.rules(policy, &access, true);
    match policy.decide(&access) {
        Decision::Allow { rule, .. } => text.allowed(rule),
        Decision::Deny(denial) => text.denied(&denial),
    }
    Ok(text.into_string())
}

type Verification = Result<Option<Verified>, TokenDenied>;

/// Verifies everything but the signature.
fn verify_claims(offline: &OfflinePolicies, policy: &RoutePolicy, line: &str) -> Verification {
    let (Some(verifier), Some(tokens)) = (offline.verifier(policy), &policy.tokens) else {
        return Ok(None);
    };
    let token = bearer_token(Authorization::One(line.as_bytes()))?;
    verifier
        .judge_all_but_the_signature(token, &tokens.audiences, unix_now())
        .map(Some)
}

async fn verify_with_issuer_keys(
    policies: &PolicySet,
    policy: &RoutePolicy,
    line: &str,
    http: &Client,
) -> anyhow::Result<Verification> {
    let Some(tokens) = &policy.tokens else {
        return Ok(Ok(None));
    };
    let (_, issuer) = policies
        .issuers()
        .find(|(name, _)| *name == tokens.issuer)
        .context("the policy's issuer is in the set")?;
    let keys = KeyPolicy::default();
    let verifier = match issuer.provider.clone() {
        Provider::Entra(settings) => Verifier::entra(http, settings, &keys, issuer.times),
        Provider::Oidc(settings) => Verifier::oidc(http, settings, &keys, issuer.times),
    };
    let token = match bearer_token(Authorization::One(line.as_bytes())) {
        Ok(token) => token,
        Err(denied) => return Ok(Err(denied)),
    };
    verifier.ready_for(token, KEYS_TIMEOUT).await?;
    Ok(verifier
        .verify(token, &tokens.audiences, unix_now())
        .await
        .map(Some))
}
