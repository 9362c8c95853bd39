//! No log or metric holds a token, a secret or an e-mail address, even at the level `trace`.

use anyhow::{Context, ensure};
use dev_stack::directory::{ADMIN, EDITOR, MALLORY, NO_RIGHTS_CLIENT, READER, TASK_API_CLIENT};
use dev_stack::{Service, Stack, StackOptions, outcomes};
use regex::Regex;

/// A compact JWS: an access token, or an assertion of the authz server or of a client.
///
/// A JSON object begins with `eyJ` in base64url.
const SIGNED: &str = r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{16,}";
/// The domains of all users' e-mail addresses and sign-in names.
const ADDRESSES: [&str; 2] = ["@contoso.example", "@fabrikam.example"];

fn secrets() -> Vec<&'static str> {
    let of_users = [ADMIN, EDITOR, READER, MALLORY].map(|user| user.password);
    let of_clients = [TASK_API_CLIENT, NO_RIGHTS_CLIENT].map(|client| client.secret);
    [of_users.as_slice(), &of_clients, &ADDRESSES].concat()
}

/// Returns the first secret, address or JWS in `text`, if there is one.
fn found(text: &str) -> anyhow::Result<Option<String>> {
    let secret = secrets()
        .into_iter()
        .find(|secret| text.contains(secret))
        .map(str::to_owned);
    let signed = Regex::new(SIGNED)?
        .find(text)
        .map(|found| format!("a JWS at byte {}", found.start()));
    Ok(secret.or(signed))
}

/// Returns the logs and metrics of all programs so far, each with its name.
async fn outputs(stack: &Stack) -> anyhow::Result<Vec<(String, String)>> {
    let mut outputs = Vec::new();
    for entry in std::fs::read_dir(stack.state())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "log") {
            outputs.push((
                path.display().to_string(),
                String::from_utf8_lossy(&std::fs::read(&path)?).into_owned(),
            ));
        }
    }
    let services = Service::ALL.map(|service| stack.operations(service));
    for address in services.into_iter().chain([stack.authz_operations()]) {
        let metrics = stack
            .http()
            .get(format!("{address}/metrics"))
            .send()
            .await?
            .error_for_status()?
            .text()
            .await?;
        outputs.push((format!("{address}/metrics"), metrics));
    }
    Ok(outputs)
}

#[tokio::test(flavor = "multi_thread")]
async fn program_output_holds_no_token_secret_or_address() -> anyhow::Result<()> {
    // `LOG=trace` logs everything except the frames and packets of libraries.
    let mut stack = Stack::start_with(StackOptions::default().variable("LOG", "trace")).await?;
    // The outage starts another authz server, which would overwrite the log of the first one.
    for group in outcomes::GROUPS
        .iter()
        .filter(|group| group.name != "the authz server is down")
    {
        (group.run)(&mut stack).await.with_context(|| group.name)?;
    }
    let outputs = outputs(&stack).await?;
    ensure!(
        outputs.len() == 10,
        "logs of six programs and metrics of four: {:?}",
        outputs.iter().map(|(name, _)| name)
    );
    for (name, text) in &outputs {
        ensure!(text.lines().count() > 3, "{name} is nearly empty");
        if let Some(found) = found(text)? {
            let line = text
                .lines()
                .find(|line| matches!(self::found(line), Ok(Some(_))))
                .unwrap_or_default();
            panic!("{name} holds {found}: {line}");
        }
    }
    stack.stop().await
}

#[test]
fn search_finds_each_kind_of_secret() -> anyhow::Result<()> {
    for text in [
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlc2lnbmF0dXJl",
        "mail of ada@contoso.example",
        TASK_API_CLIENT.secret,
    ] {
        ensure!(
            found(&format!("a line with {text} in it"))?.is_some(),
            "{text}"
        );
    }
    ensure!(found("kid eyJ0 and a.b.c")?.is_none());
    Ok(())
}
