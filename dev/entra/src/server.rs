use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::Context;
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsConfig, from_tcp_rustls};
use portcullis_runtime::Process;
use rustls::ServerConfig;

use crate::authority::Authority;
use crate::certificates::Certificates;
use crate::directory::Directory;
use crate::router::{Entra, router};
use crate::settings::Settings;
use crate::signing_key::{KeyRing, SigningKey};

/// Names that clients on this machine use, whatever the settings say.
pub(crate) const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Serves until shutdown begins, then finishes the requests in flight.
pub async fn serve(settings: Settings, process: Process) -> anyhow::Result<()> {
    let starting = process.pending("certificate authority and signing key");
    let directory = Directory::load(&settings.directory).await?;
    let http = portcullis_runtime::http_client(&settings.outbound)?;
    let listener = portcullis_runtime::bind("--listen", settings.listen).await?.into_std()?;
    let address = listener.local_addr().context("address of a bound listener")?;
    let authority = settings.public_url.clone().unwrap_or_else(|| Authority::localhost(address.port()));
    let names = certificate_names(&settings, &authority);
    let state = settings.state.clone();
    let given = settings.certificate.clone().zip(settings.certificate_key.clone());
    // Key generation takes a core for a while, and files block.
    let (key, tls, trusted) = tokio::task::spawn_blocking(move || {
        let (tls, trusted) = if let Some((certificate, key)) = given {
            (Certificates::read(&certificate, &key)?, certificate)
        } else {
            let certificates = Certificates::generate(names)?;
            let ca = certificates.publish(&state)?;
            (certificates.server, ca)
        };
        anyhow::Ok((SigningKey::generate()?, tls, trusted))
    })
    .await??;

    tracing::info!(%address, %authority, certificate = %trusted.display(), "listening; every identity issued here is forged");
    let keys = KeyRing::new(key);
    let entra = Entra { directory, keys, authority, http, lifetime: settings.tokens_live };
    let handle = Handle::new();
    let stopping = (process.shutdown_token(), handle.clone(), settings.common.drain_timeout);
    let stop = tokio::spawn(async move {
        let (token, handle, limit) = stopping;
        token.cancelled().await;
        handle.graceful_shutdown(Some(limit));
    });
    drop(starting);
    let served = serve_tls(listener, tls, entra, handle).await;
    stop.abort();
    served.with_context(|| format!("serving on {address}"))
}

/// Serves `entra` until `handle` is told to stop.
pub(crate) async fn serve_tls(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    entra: Entra,
    handle: Handle<SocketAddr>,
) -> std::io::Result<()> {
    from_tcp_rustls(listener, RustlsConfig::from_config(tls))?
        .handle(handle)
        .serve(router(Arc::new(entra)).into_make_service())
        .await
}

fn certificate_names(settings: &Settings, authority: &Authority) -> Vec<String> {
    let mut names: Vec<String> = LOCAL_NAMES.map(str::to_owned).into();
    let given = settings.names.iter().map(|name| name.to_str().into_owned());
    for name in given.chain([authority.host().to_owned()]) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
