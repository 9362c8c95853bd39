//! Each case lets good tokens pass and denies what it should, before it is measured.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use portcullis_bench::IssuerKey;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::case::Case;
use crate::{requests, response};

/// Presents a good token, one of another key, and none.
pub(crate) async fn prove(
    case: Case,
    address: SocketAddr,
    key: &IssuerKey,
    stranger: &IssuerKey,
    now: u64,
) -> anyhow::Result<()> {
    let (good, forged) = (key.token_at(0, now)?, stranger.token_at(0, now)?);
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
