use std::time::Duration;

use anyhow::Context;
use portcullis_policy::{self as policy, Decision, PolicySet, Provider, RoutePolicy};
use portcullis_token::{
    Authorization, KeyPolicy, Refusal, Verified, Verifier, bearer_token, unix_now,
};
use reqwest::Client;

use super::text::Text;
use crate::rehearsal::Stage;

/// How long an issuer's keys are waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What comes with a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// The `Authorization` line.
    pub(super) line: &'a str,
    pub(super) method: &'a str,
}

/// Explains what the policy `name` says to `asked`. With a client the signature is checked too.
pub(super) async fn explain(
    policies: PolicySet,
    name: &str,
    asked: &Asked<'_>,
    http: Option<&Client>,
) -> anyhow::Result<String> {
    let stage = Stage::set(policies).await?;
    let policy = stage
        .policies()
        .policy(name)
        .context("the policy was looked up by name")?;
    let mut text = Text::default();
    text.policy(policy);
    let verdict = match http {
        Some(http) => with_the_issuers_keys(stage.policies(), policy, asked.line, http).await?,
        None => without_keys(&stage, policy, asked.line),
    };
    let checked = if http.is_some() {
        "checked"
    } else {
        "NOT checked; give --check-signature to fetch the issuer's keys"
    };
    text.line("signature", checked);
    let verified = match verdict {
        Ok(verified) => verified,
        Err(refusal) => {
            text.refused(&refusal);
            return Ok(text.into_string());
        }
    };
    if let Some(verified) = &verified {
        text.caller(&verified.caller);
    }
    let request = policy::Asked {
        caller: verified.as_ref(),
        method: asked.method,
    };
    text.rules(policy, &request, true);
    match policy.decide(&request) {
        Decision::Allow { rule } => text.allowed(rule),
        Decision::Deny(denial) => text.denied(&denial),
    }
    Ok(text.into_string())
}

type Verdict = Result<Option<Verified>, Refusal>;

fn without_keys(stage: &Stage, policy: &RoutePolicy, line: &str) -> Verdict {
    let (Some(verifier), Some(tokens)) = (stage.verifier(policy), &policy.tokens) else {
        return Ok(None);
    };
    let token = bearer_token(Authorization::One(line.as_bytes()))?;
    verifier
        .judge_all_but_the_signature(token, &tokens.audiences, unix_now())
        .map(Some)
}

async fn with_the_issuers_keys(
    policies: &PolicySet,
    policy: &RoutePolicy,
    line: &str,
    http: &Client,
) -> anyhow::Result<Verdict> {
    let Some(tokens) = &policy.tokens else {
        return Ok(Ok(None));
    };
    let (_, issuer) = policies
        .issuers()
        .find(|(name, _)| *name == tokens.issuer)
        .context("a policy's issuer exists")?;
    let keys = KeyPolicy::default();
    let verifier = match issuer.provider.clone() {
        Provider::Entra(settings) => Verifier::entra(http, settings, &keys, issuer.times),
        Provider::Oidc(settings) => Verifier::oidc(http, settings, &keys, issuer.times),
    };
    let token = match bearer_token(Authorization::One(line.as_bytes())) {
        Ok(token) => token,
        Err(refusal) => return Ok(Err(refusal)),
    };
    verifier.ready_for(token, PATIENCE).await?;
    Ok(verifier
        .verify(token, &tokens.audiences, unix_now())
        .await
        .map(Some))
}
