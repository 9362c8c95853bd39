use std::sync::Arc;

use anyhow::Context;
use portcullis_runtime::{Listener, Process, bind, serve_https};

use crate::authority::Authority;
use crate::certificates::Certificates;
use crate::directory::Directory;
use crate::entra::{Entra, Live};
use crate::memory::Memory;
use crate::router::router;
use crate::settings::Settings;
use crate::signing_key::{KeyRing, SigningKey};

/// Names in every certificate, which clients on the same machine use.
pub(crate) const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Runs dev-entra until shutdown begins, then finishes the requests in flight.
pub async fn serve(settings: Settings, process: Process) -> anyhow::Result<()> {
    let starting = process.pending("certificate authority and signing key");
    let directory = Directory::load(&settings.directory).await?;
    let http = portcullis_runtime::http_client(&settings.outbound)?;
    let socket = bind("--listen", settings.listen).await?;
    let address = socket.local_addr().context("address of a bound listener")?;
    let listener = Listener::of_tcp("traffic", socket);
    let authority = settings
        .public_url
        .clone()
        .unwrap_or_else(|| Authority::localhost(address.port()));
    let names = certificate_names(&settings, &authority);
    let state = settings.state.clone();
    let given = settings
        .certificate
        .clone()
        .zip(settings.certificate_key.clone());
    // Key generation takes a core for hundreds of milliseconds, and file access blocks.
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

    tracing::info!(
        %address,
        %authority,
        certificate = %trusted.display(),
        "listening; every identity issued here is forged"
    );
    let keys = Arc::new(KeyRing::new(key));
    let entra = Entra {
        directory: Arc::new(directory),
        keys,
        authority,
        memory: Arc::new(Memory::new()),
        http,
        lifetime: settings.tokens_live,
    };
    drop(starting);
    let live = Live::new(entra).with_replication_delay(settings.graph_replication_delay);
    serve_https(&process, listener, router(live), tls).await;
    Ok(())
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
