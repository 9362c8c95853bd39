//! `make demo`: starts the system, prints what it does as a table, and keeps it running.

use std::path::Path;
use std::process::ExitCode;

use dev_stack::{PortChoice, Row, Stack, outcomes};

const STATE: &str = ".portcullis/demo";

#[tokio::main]
async fn main() -> ExitCode {
    let once = std::env::var_os("DEMO").is_some_and(|demo| demo == "once");
    match run(once).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the demo and returns whether every row passed.
async fn run(once: bool) -> anyhow::Result<bool> {
    let state = Path::new(STATE);
    // Tasks of an earlier run would change the table.
    if state.exists() {
        std::fs::remove_dir_all(state)?;
    }
    println!("Starting, with state and logs in {STATE}:");
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    let mut stack = tokio::select! {
        stack = Stack::start(state, PortChoice::UsualIfFree, |part| println!("  {part}")) => stack?,
        _ = &mut interrupted => return Ok(false),
    };
    let passed = tokio::select! {
        passed = walk(&mut stack) => passed?,
        _ = &mut interrupted => false,
    };
    if !once {
        print_instructions(&stack);
        tokio::signal::ctrl_c().await?;
        println!("\nStopping.");
    }
    stack.stop().await?;
    Ok(passed)
}

async fn walk(stack: &mut Stack) -> anyhow::Result<bool> {
    let mut passed = 0;
    let mut failed = 0;
    for group in outcomes::GROUPS {
        println!("\n{}", group.name);
        for row in (group.run)(stack).await? {
            if row.passed() {
                passed += 1;
            } else {
                failed += 1;
            }
            print_row(&row);
        }
    }
    println!("\n{passed} passed, {failed} failed");
    Ok(failed == 0)
}

fn print_row(row: &Row) {
    let Row {
        tried,
        expected,
        got,
    } = row;
    let result = if row.passed() { "pass" } else { "FAIL" };
    println!(
        "  {result}  {tried:<56} expected: {expected}\n{:<62} got:      {got}",
        ""
    );
}

fn print_instructions(stack: &Stack) {
    let gateway = stack.gateway();
    let token_url = stack.identity_provider().token_url();
    let ca = stack.certificate_authority();
    println!(
        r#"
The gateway is {gateway}. Get a token as the Admin, and use it:

  TOKEN=$(curl -s --cacert {ca} {token_url} \
    -d grant_type=password -d client_id=3a5c0004-0000-4000-8000-000000000004 \
    -d username=ada.admin@contoso.example --data-urlencode 'password=Admin-Passw0rd!' \
    -d scope=api://3a5c0001-0000-4000-8000-000000000001/access_as_user \
    | python3 -c 'import json,sys; print(json.load(sys.stdin)["access_token"])')
  curl -i {gateway}/api/me -H "Authorization: Bearer $TOKEN"
  curl -i {gateway}/api/tasks -H "Authorization: Bearer $TOKEN" --json '{{"title": "Try it"}}'

Users, passwords and applications are in dev/entra/directory.yaml. Ctrl-C stops everything."#,
        ca = ca.display()
    );
}
