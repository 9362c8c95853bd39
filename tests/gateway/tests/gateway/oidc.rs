//! An OpenID Connect provider as the issuer.
//!
//! dev-entra is such a provider under a policy that names its claims.

use std::time::Duration;

use anyhow::Context;
use dev_stack::directory::{ADMIN, CONTOSO, FABRIKAM, TASK_API};
use dev_stack::{Answer, Stack};
use tokio::time::{Instant, sleep};

async fn me(stack: &Stack, token: &str) -> anyhow::Result<Answer> {
    Answer::to(
        stack
            .http()
            .get(format!("{}/api/me", stack.gateway()))
            .bearer_auth(token),
    )
    .await
}

/// Returns the stack's policies with an `oidc` issuer under the old name.
fn with_oidc(policies: &str, authority: &str, tenant: &str) -> anyhow::Result<String> {
    let (before, entra) = policies
        .split_once("  entra:\n")
        .context("the sample has no entra issuer")?;
    let (_, after) = entra
        .split_once("---")
        .context("the sample has one document")?;
    let oidc = format!(
        "  oidc:\n    issuer: {authority}/{tenant}/v2.0\n    claims:\n      subject: oid\n      \
         scopes: scp\n      email: preferred_username\n      \
         kind: {{claim: idtyp, applications: [app], default: users}}\n"
    );
    Ok(format!("{before}{oidc}---{after}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_provider_is_discovered_and_other_issuers_are_denied() -> anyhow::Result<()> {
    let stack = Stack::start_apart().await?;
    let token = stack
        .identity_provider()
        .user_token(ADMIN, TASK_API, "access_as_user")
        .await?;
    let issuer = format!("{}/{CONTOSO}/v2.0", stack.identity_provider().authority());
    let file = stack.state().join("policy.yaml");
    let policies = std::fs::read_to_string(&file)?;

    std::fs::write(
        &file,
        with_oidc(&policies, stack.identity_provider().authority(), CONTOSO)?,
    )?;
    let started = Instant::now();
    let answer = loop {
        let answer = me(&stack, &token).await?;
        // The tenant of an Entra caller is an id, that of an OpenID Connect caller is its issuer.
        if answer.body["tenant_id"] == issuer.as_str()
            || started.elapsed() > Duration::from_secs(20)
        {
            break answer;
        }
        sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(
        (answer.outcome().as_str(), &answer.body["tenant_id"]),
        ("200", &issuer.clone().into())
    );
    assert_eq!(
        (answer.body["id"].as_str(), answer.body["email"].as_str()),
        (
            Some("aaaaaaaa-0001-4000-8000-000000000001"),
            Some(ADMIN.username)
        )
    );

    std::fs::write(
        &file,
        with_oidc(&policies, stack.identity_provider().authority(), FABRIKAM)?,
    )?;
    let started = Instant::now();
    let mut outcome = me(&stack, &token).await?.outcome();
    while outcome == "200" && started.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(50)).await;
        outcome = me(&stack, &token).await?.outcome();
    }
    assert_eq!(outcome, "401 issuer_not_allowed");
    stack.stop().await
}
