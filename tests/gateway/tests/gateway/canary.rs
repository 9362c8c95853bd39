//! Nothing that a program says holds a token, a secret or an e-mail address, whatever it was sent
//! and however much it logs.

use anyhow::{Context, ensure};
use dev_stack::directory::{ADMIN, EDITOR, MALLORY, NO_RIGHTS_CLIENT, READER, TASK_API_CLIENT};
use dev_stack::{Service, Stack, Variation, outcomes};
use regex::Regex;

/// A JWS in compact form: access tokens, assertions of the gate and of clients. JSON objects begin
/// with `eyJ` in base64url.
const SIGNED: &str = r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{16,}";
/// The domains of all users' addresses and names to sign in with.
const ADDRESSES: [&str; 2] = ["@contoso.example", "@fabrikam.example"];

fn secrets() -> Vec<&'static str> {
    let of_users = [ADMIN, EDITOR, READER, MALLORY].map(|user| user.password);
    let of_clients = [TASK_API_CLIENT, NO_RIGHTS_CLIENT].map(|client| client.secret);
    [of_users.as_slice(), &of_clients, &ADDRESSES].concat()
}

/// What must not be in `text`, as far as it is there.
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

/// What each program said so far, by its name: its log, and its metrics.
async fn said(stack: &Stack) -> anyhow::Result<Vec<(String, String)>> {
    let mut said = Vec::new();
    for entry in std::fs::read_dir(stack.state())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "log") {
            said.push((
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
        said.push((format!("{address}/metrics"), metrics));
    }
    Ok(said)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_output_of_any_program_holds_what_opens_something_or_names_somebody()
-> anyhow::Result<()> {
    // Everything that a program can say, but for the frames and packets of libraries that no
    // operator reads.
    let mut stack = Stack::start_varied(Variation::default().variable("LOG", "trace")).await?;
    // The outage starts another gate, whose log takes the place of the first one's.
    for group in outcomes::GROUPS
        .iter()
        .filter(|group| group.name != "the gate is down")
    {
        (group.run)(&mut stack).await.with_context(|| group.name)?;
    }
    let said = said(&stack).await?;
    ensure!(
        said.len() == 10,
        "logs of six programs and metrics of four: {:?}",
        said.iter().map(|(name, _)| name)
    );
    for (name, text) in &said {
        ensure!(text.lines().count() > 3, "{name} says nothing");
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
fn what_is_searched_for_would_be_found() -> anyhow::Result<()> {
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
