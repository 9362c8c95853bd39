//! Outages of issuers: only their own tokens get 503.
//!
//! Reloads and starts work meanwhile.

mod second_issuer;

use std::time::Duration;

use anyhow::{Context, ensure};
use dev_stack::directory::{EDITOR, NOTIFICATION, READER, TASK_API};
use dev_stack::{Answer, Service, Stack, StackOptions, without_rate_limits};
use gateway_tests::{admin, operations, outcome};
use reqwest::{Method, StatusCode};
use second_issuer::SecondIssuer;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// Far longer than any wait here, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);
/// The longest wait of a start for an issuer, which is longer than a test lets a start take.
const ISSUER_WAIT: [&str; 2] = ["--issuer-wait", "30s"];
const UNAVAILABLE: &str = "503 authorization_unavailable";
const BLOCKED: &str = "403 caller_blocked";
/// A tenant that dev-entra does not have: its metadata answers 400, as that of a deleted tenant.
const DELETED_TENANT: &str = "99999999-9999-4999-8999-999999999999";
const DENY_READER: &str = "\n---\napiVersion: portcullis.dev/v1alpha1\nkind: DenyList\n\
    metadata: {name: incident}\nspec: {callers: [aaaaaaaa-0003-4000-8000-000000000003]}\n";

/// Returns the sample policies with another issuer for the notifications.
fn with_second_issuer(policies: &str, issuer: &SecondIssuer) -> String {
    let entra = format!("issuer: entra\n  application: {NOTIFICATION}");
    let second = format!("issuer: second\n  audiences: ['{NOTIFICATION}']");
    let url = issuer.url();
    format!(
        "{}\n---\napiVersion: portcullis.dev/v1alpha1\nkind: TokenIssuer\n\
         metadata: {{name: second}}\n\
         spec: {{oidc: {{issuer: '{url}', claims: {{subject: oid, scopes: scp, \
         email: preferred_username}}}}}}\n",
        policies.replace(&entra, &second)
    )
}

/// Obtains a token of the second issuer for the notifications.
async fn token_of(issuer: &SecondIssuer, stack: &Stack) -> anyhow::Result<String> {
    let entra = stack.identity_provider();
    let token = entra
        .user_token(EDITOR, NOTIFICATION, "Notify.Send")
        .await?;
    entra
        .resign(&token, |_, claims| {
            claims["iss"] = issuer.url().into();
            claims["aud"] = NOTIFICATION.into();
            // `sid` shows that the caller is a user, which a token of another provider must show.
            claims["sid"] = "00b1c9a2-7e5d-4c1e-9f43-2f7a5f6f3c11".into();
        })
        .await
}

async fn get(stack: &Stack, path: &str, token: &str) -> anyhow::Result<String> {
    Ok(Answer::to(
        stack
            .http()
            .get(format!("{}{path}", stack.gateway()))
            .bearer_auth(token),
    )
    .await?
    .outcome())
}

async fn notifications(stack: &Stack, token: &str) -> anyhow::Result<String> {
    get(stack, "/notification/notifications", token).await
}

/// Calls `get` until it returns `expected`. The error has the last answer.
async fn becomes(
    expected: &str,
    get: impl AsyncFn() -> anyhow::Result<String>,
) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        let answer = get().await?;
        if answer == expected {
            return Ok(());
        }
        ensure!(
            started.elapsed() < PATIENCE,
            "{answer} instead of {expected}"
        );
        sleep(Duration::from_millis(50)).await;
    }
}

/// Returns the decision record of the last fault.
fn last_fault(stack: &Stack) -> anyhow::Result<Value> {
    let log = stack.authz_log()?;
    let line = log
        .lines()
        .rfind(|line| line.contains("\"outcome\":\"fault\""))
        .context("no fault in the log")?;
    Ok(serde_json::from_str(line)?)
}

fn issuer_named<'a>(status: &'a Value, name: &str) -> anyhow::Result<&'a Value> {
    let issuers = status["issuers"].as_array().context("no issuers")?;
    issuers
        .iter()
        .find(|issuer| issuer["name"] == name)
        .with_context(|| format!("{name} is not in {status}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn deny_list_takes_effect_during_an_issuer_outage() -> anyhow::Result<()> {
    let options = StackOptions::default()
        .policies(without_rate_limits)
        .authz_arguments(ISSUER_WAIT);
    let mut stack = Stack::start_with(options).await?;
    let second = SecondIssuer::with_keys(stack.identity_provider().keys().await?)?;
    let reader = stack
        .identity_provider()
        .user_token(READER, TASK_API, "access_as_user")
        .await?;
    let editor = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    let second_token = token_of(&second, &stack).await?;
    let trusted = std::fs::read_to_string(stack.certificate_authority())?;
    std::fs::write(
        stack.certificate_authority(),
        format!("{trusted}{}", second.certificate),
    )?;
    stack.stop_authz().await?;
    stack.start_authz().await?;
    // Wait until the services have the new assertion key.
    becomes("200", async || outcome(&stack, &reader).await).await?;

    // The policies take effect without the second issuer. Only its own route is affected.
    let file = stack.state().join("policy.yaml");
    let policies = with_second_issuer(&std::fs::read_to_string(&file)?, &second);
    std::fs::write(&file, &policies)?;
    let started = Instant::now();
    let (status, body) = admin(&stack, Method::POST, "/policies/reload").await?;
    ensure!(status == StatusCode::OK, "{body}");
    ensure!(
        started.elapsed() < Duration::from_secs(10),
        "the reload waited {:?}",
        started.elapsed()
    );
    assert_eq!(notifications(&stack, &second_token).await?, UNAVAILABLE);
    assert_eq!(outcome(&stack, &reader).await?, "200");
    let record = last_fault(&stack)?;
    for (field, expected) in [
        ("reason", "keys_unavailable"),
        ("issuer", "second"),
        ("policy", "notifications"),
    ] {
        assert_eq!(record[field], expected, "{field}: {record}");
    }
    assert_eq!(record["source"], second.metadata(), "{record}");
    ensure!(
        record["cause"]
            .as_str()
            .is_some_and(|cause| cause.contains("cannot be reached")),
        "{record}"
    );

    // An incident: forget the keys, then deny a caller. Other callers are not affected.
    assert_eq!(
        admin(&stack, Method::POST, "/keys/forget").await?.0,
        StatusCode::NO_CONTENT
    );
    becomes("200", async || outcome(&stack, &reader).await).await?;
    std::fs::write(&file, format!("{policies}{DENY_READER}"))?;
    let (status, body) = admin(&stack, Method::POST, "/policies/reload").await?;
    ensure!(status == StatusCode::OK, "{body}");
    let missing = body["missing_keys"][0].as_str().unwrap_or_default();
    ensure!(
        missing.starts_with(&format!("issuer second: {}", second.metadata())),
        "{body}"
    );
    assert_eq!(outcome(&stack, &reader).await?, BLOCKED);
    assert_eq!(outcome(&stack, &editor).await?, "200");
    assert_eq!(notifications(&stack, &second_token).await?, UNAVAILABLE);

    // The authz server polls the file, without a reload.
    std::fs::write(&file, &policies)?;
    becomes("200", async || outcome(&stack, &reader).await).await?;
    std::fs::write(&file, format!("{policies}{DENY_READER}"))?;
    becomes(BLOCKED, async || outcome(&stack, &reader).await).await?;

    let (_, status) = admin(&stack, Method::GET, "/status").await?;
    let issuer = issuer_named(&status, "second")?;
    assert_eq!(
        (&issuer["ready"], &issuer["policies"]),
        (&json!(false), &json!(["notifications"])),
        "{status}"
    );
    let source = &issuer["keys"][0];
    assert_eq!(
        (&source["ready"], &source["source"]),
        (&json!(false), &json!(second.metadata())),
        "{status}"
    );
    ensure!(
        source["error"].is_string() && source["since"].is_u64(),
        "{status}"
    );
    assert_eq!(issuer_named(&status, "entra")?["ready"], true, "{status}");
    let ready = operations(&stack, "/readyz").await?;
    ensure!(
        ready.starts_with("ready\nmissing: signing keys: issuer second: https://"),
        "{ready}"
    );
    let metrics = operations(&stack, "/metrics").await?;
    let gauge = format!(
        "portcullis_issuer_ready{{issuer=\"second\",source=\"{}\"}}",
        second.metadata()
    );
    ensure!(
        metrics.contains(&format!("{gauge} 0")) && metrics.contains("portcullis_policy_stale 0"),
        "{metrics}"
    );

    // When the issuer is back, its route works without a reload, and the deny list stays in force.
    second.open()?;
    becomes("200", async || notifications(&stack, &second_token).await).await?;
    assert_eq!(outcome(&stack, &reader).await?, BLOCKED);
    becomes("ready\n", async || operations(&stack, "/readyz").await).await?;
    let metrics = operations(&stack, "/metrics").await?;
    ensure!(metrics.contains(&format!("{gauge} 1")), "{metrics}");
    stack.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn start_does_not_wait_for_a_deleted_tenant() -> anyhow::Result<()> {
    struct Case<'a> {
        name: &'static str,
        token: &'a str,
        status: u16,
        reason: Value,
    }

    let two_tenants = |policies: &str| {
        without_rate_limits(policies)
            .replace("tenants: [", &format!("tenants: [{DELETED_TENANT}, "))
    };
    let options = StackOptions::default()
        .policies(two_tenants)
        .authz_arguments(ISSUER_WAIT);
    let mut stack =
        Stack::start_with(options.variable("ALLOWED_TENANT_IDS", both_tenants())).await?;
    let token = stack
        .identity_provider()
        .user_token(READER, TASK_API, "access_as_user")
        .await?;
    assert_eq!(outcome(&stack, &token).await?, "200");
    let of_deleted = stack
        .identity_provider()
        .resign(&token, |_, claims| {
            claims["tid"] = DELETED_TENANT.into();
            claims["iss"] = format!(
                "{}/{DELETED_TENANT}/v2.0",
                stack.identity_provider().authority()
            )
            .into();
        })
        .await?;
    assert_eq!(outcome(&stack, &of_deleted).await?, UNAVAILABLE);
    let record = last_fault(&stack)?;
    ensure!(
        record["source"]
            .as_str()
            .is_some_and(|source| source.contains(DELETED_TENANT)),
        "{record}"
    );
    ensure!(
        record["cause"]
            .as_str()
            .is_some_and(|cause| cause.contains("answered 400")),
        "{record}"
    );

    for service in Service::ALL {
        let ready = stack
            .http()
            .get(format!("{}/readyz", stack.operations(service)))
            .send()
            .await?
            .text()
            .await?;
        ensure!(
            ready.starts_with("ready\nmissing: signing keys: https://")
                && ready.contains(DELETED_TENANT),
            "{ready}"
        );
    }
    let direct = format!("{}/api/me", stack.direct(Service::TaskApi));
    for Case {
        name,
        token,
        status,
        reason,
    } in [
        Case {
            name: "issuer that answers",
            token: &token,
            status: 200,
            reason: Value::Null,
        },
        Case {
            name: "deleted tenant",
            token: &of_deleted,
            status: 503,
            reason: "keys_unavailable".into(),
        },
    ] {
        let answer = Answer::to(stack.http().get(&direct).bearer_auth(token)).await?;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["reason"]),
            (status, &reason),
            "{name}"
        );
    }
    let started = Instant::now();
    stack.stop_authz().await?;
    stack.start_authz().await?;
    ensure!(
        started.elapsed() < Duration::from_secs(25),
        "the start waited for a deleted tenant"
    );
    stack.stop().await
}

fn both_tenants() -> String {
    format!("{},{DELETED_TENANT}", dev_stack::directory::CONTOSO)
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_start_without_issuer_and_recover() -> anyhow::Result<()> {
    // The policy of the audit trail admits anyone.
    let with_public_route = |policies: &str| {
        let application = "  issuer: entra\n  application: 3a5c0003-0000-4000-8000-000000000003\n";
        let callers = "callers: applications\n      roles: [AuditLog.Write]";
        without_rate_limits(policies)
            .replace(application, "")
            .replace(callers, "callers: anyone")
    };
    let options = StackOptions::default()
        .policies(with_public_route)
        .variable("ISSUER_WAIT", "1s");
    let mut stack = Stack::start_with(options).await?;
    let token = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    assert_eq!(outcome(&stack, &token).await?, "200");

    stack.hang_issuer(true)?;
    stack.stop_authz().await?;
    for file in std::fs::read_dir(stack.state().join("keys"))? {
        std::fs::remove_file(file?.path())?;
    }
    stack.start_authz().await?;
    stack.crash_and_restart(Service::Audit).await?;
    stack.forget_upstream_bytes();
    // This denial is of the audit service, so the gateway admitted the request.
    let anonymous = stack
        .http()
        .get(format!("{}/auditing/audit", stack.gateway()));
    assert_eq!(Answer::to(anonymous).await?.outcome(), "401 token_missing");
    ensure!(
        stack
            .upstream_bytes()
            .iter()
            .any(|(service, bytes)| *service == Service::Audit && !bytes.is_empty())
    );
    assert_eq!(outcome(&stack, &token).await?, UNAVAILABLE);
    let ready = operations(&stack, "/readyz").await?;
    ensure!(
        ready.starts_with("ready\nmissing: signing keys: issuer entra: https://localhost:"),
        "{ready}"
    );

    stack.hang_issuer(false)?;
    becomes("200", async || outcome(&stack, &token).await).await?;
    stack.stop().await
}
