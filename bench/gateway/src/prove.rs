//! Checks before the measurement that each case admits good tokens and denies others.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use portcullis_bench::IssuerKey;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::case::Case;
use crate::{requests, response};

/// Sends a good token, a token of another key, and no token, and checks the statuses.
pub(crate) async fn prove(
    case: Case,
    address: SocketAddr,
    key: &IssuerKey,
    other_key: &IssuerKey,
    now: u64,
) -> anyhow::Result<()> {
    let good = key.token_at(0, now)?;
    let forged = other_key.token_at(0, now)?;
    let denied = if case.denies() { 401 } else { 200 };
    for (what, token, expected) in [
        ("a good token", Some(good), 200),
        ("a forged token", Some(forged), denied),
        ("no token", None, denied),
    ] {
        let status = status(address, &requests::encoded(token.as_deref())).await;
        let status = status.with_context(|| format!("case '{}', {what}", case.name))?;
        ensure!(
            status == expected,
            "case '{}' answers {what} with {status} instead of {expected}",
            case.name
        );
    }
    Ok(())
}

async fn status(address: SocketAddr, request: &[u8]) -> anyhow::Result<u16> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request).await?;
    response::read(&mut stream, &mut Vec::new()).await
}
