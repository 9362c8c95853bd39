use std::process::ExitCode;

use anyhow::{Context, ensure};
use portcullis_database::{Database, DatabaseMetrics, DatabaseSettings};
use portcullis_runtime::Arguments;

use crate::schema::{NAME, schema};
use crate::settings::Settings;
use crate::verification::{Anchor, Verification, tenants, verify};

/// Commands of the audit program beside its server.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "audit", version)]
pub struct CommandLine {
    /// The command to run.
    #[command(subcommand)]
    pub command: Command,
}

impl CommandLine {
    /// Whether the first argument of this process is a command. Without a command the program
    /// serves.
    #[must_use]
    pub fn is_asked_for() -> bool {
        let first = std::env::args().nth(1);
        first.is_some_and(|first| {
            <Self as clap::CommandFactory>::command()
                .find_subcommand(first)
                .is_some()
        })
    }
}

/// A command of the audit program.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Verify the hash chains in the database. Print the first broken place of each chain, and exit
    /// with code 1 if there is one.
    Verify(VerifyArguments),
}

/// Arguments of `audit verify`.
#[derive(Clone, Debug, clap::Args)]
pub struct VerifyArguments {
    /// The database of the trail.
    #[command(flatten)]
    database: DatabaseSettings,
    /// Verify only this tenant's chain.
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
    /// Anchor that an earlier run printed. The tenant's chain must still contain it.
    #[arg(long, value_name = "POSITION:HASH", requires = "tenant", value_parser = anchor)]
    anchor: Option<Anchor>,
}

impl Arguments for CommandLine {
    const OPERATIONS_ADDRESS: &'static str =
        <Settings as portcullis_runtime::Settings>::OPERATIONS_ADDRESS;
}

fn anchor(text: &str) -> Result<Anchor, &'static str> {
    let parts = text
        .split_once(':')
        .and_then(|(position, hash)| Some((position.parse().ok()?, hash)));
    match parts {
        Some((position, hash)) if position > 0 && hash.len() == 64 => Ok(Anchor {
            position,
            hash: hash.to_owned(),
        }),
        _ => Err("write a position, a colon and a hash of 64 digits, as `audit verify` prints it"),
    }
}

/// Verifies the chains and prints one line for each.
#[must_use]
pub fn run_verify(arguments: &VerifyArguments) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime");
    match runtime.and_then(|runtime| runtime.block_on(found(arguments))) {
        Ok(found) => {
            for chain in &found {
                println!("{}", line(chain));
            }
            let is_intact = found.iter().all(|chain| chain.first_broken.is_none());
            if is_intact {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => fail(&error),
    }
}

async fn found(arguments: &VerifyArguments) -> anyhow::Result<Vec<Verification>> {
    let settings = &arguments.database;
    if let (Some(data_dir), None) = (&settings.data_dir, &settings.database_url) {
        // Opening would create the file, and an empty trail is intact.
        let file = data_dir.join("audit.sqlite");
        ensure!(
            file.exists(),
            "--data-dir {}: holds no audit.sqlite; give the directory of a trail",
            data_dir.display()
        );
    }
    let database = Database::open(settings, &schema(), DatabaseMetrics::default()).await?;
    let tenants = match &arguments.tenant {
        Some(tenant) => vec![tenant.clone()],
        None => tenants(&database).await.context("cannot read the trail")?,
    };
    let mut chains = Vec::new();
    for tenant in tenants {
        chains.push(
            verify(&database, &tenant, arguments.anchor.as_ref())
                .await
                .context("cannot read the trail")?,
        );
    }
    database.close().await;
    Ok(chains)
}

fn line(chain: &Verification) -> String {
    let Verification {
        tenant_id,
        entries,
        hash,
        ..
    } = chain;
    match &chain.first_broken {
        None => format!("{tenant_id}: intact, {entries} entries, anchor {entries}:{hash}"),
        Some(broken) => {
            let entry = broken.audit_id.as_deref().unwrap_or("missing");
            format!(
                "{tenant_id}: BROKEN at position {} (entry {entry}): {}",
                broken.position, broken.reason
            )
        }
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("{NAME}: {error:#}");
    ExitCode::FAILURE
}
