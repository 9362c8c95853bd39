//! Any OpenID Connect provider as the issuer. dev-entra is one, to whoever reads its tokens by the
//! names that the policy gives.

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

/// The stack's policies with another issuer under the old name.
fn with_oidc(policies: &str, authority: &str, tenant: &str) -> anyhow::Result<String> {
    let (before, entra) = policies
        .split_once("  entra:\n")
        .context("the sample has no entra issuer")?;
    let (_, after) = entra
        .split_once("---")
        .context("the sample has one document")?;
    let oidc = format!(
        "  oidc:\n    issuer: {authority}/{tenant}/v2.0\n    claims:\n      subject: oid\n      scopes: scp\n      \
         email: preferred_username\n      kind: {{claim: idtyp, applications: [app], default: users}}\n"
    );
    Ok(format!("{before}{oidc}---{after}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_used_by_its_discovery_document_and_no_others_tokens_count()
-> anyhow::Result<()> {
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
        // An Entra caller's tenant is an id, an OpenID Connect caller's is the issuer.
        if answer.body["tenant_id"] == issuer.as_str()
            || started.elapsed() > Duration::from_secs(20)
        {
            break answer;
        }
        sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(
        (answer.verdict().as_str(), &answer.body["tenant_id"]),
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
    let mut verdict = me(&stack, &token).await?.verdict();
    while verdict == "200" && started.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(50)).await;
        verdict = me(&stack, &token).await?.verdict();
    }
    assert_eq!(verdict, "401 issuer_not_allowed");
    stack.stop().await
}
