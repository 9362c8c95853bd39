use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use portcullis_runtime::Process;
use rustls::ServerConfig;

use crate::authority::Authority;
use crate::certificates::Certificates;
use crate::clock::now;
use crate::directory::DirectoryFile;
use crate::entra::{Entra, Live};
use crate::memory::Memory;
use crate::ports::Ports;
use crate::settings::Settings;
use crate::signing_key::{KeyRing, SigningKey};
use crate::state::{Keeper, StateDirectory, StateFile};

/// Names in every certificate, which clients on the same machine use.
pub(crate) const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Runs dev-entra until shutdown begins, then finishes the requests in flight.
pub async fn serve(settings: Settings, process: Process) -> anyhow::Result<()> {
    let starting = process.pending("certificate authority and signing key");
    let (file, directory) = DirectoryFile::load(&settings.directory).await?;
    let ports = Ports::bind(settings.listen, settings.admin_listen).await?;
    let address = ports.traffic()?;
    let authority = settings
        .public_url
        .clone()
        .unwrap_or_else(|| Authority::localhost(address.port()));
    let started = Started::of(&settings, &authority).await?;
    started.memory.keep_only_of(&directory);
    tracing::info!(
        %address,
        %authority,
        admin = ports.admin(),
        certificate = %started.trusted.display(),
        "listening; every identity issued here is forged"
    );
    let entra = Entra {
        directory: Arc::new(directory),
        keys: Arc::new(started.keys),
        authority,
        memory: Arc::new(started.memory),
        http: portcullis_runtime::http_client(&settings.outbound)?,
        lifetime: settings.tokens_live,
        knobs: Arc::default(),
    };
    let keeper = started
        .state
        .map(|state| Keeper::start(state, &entra))
        .transpose()?;
    let live = Live::new(entra).with_replication_delay(settings.graph_replication_delay);
    let polling = tokio::spawn(file.follow(live.clone()));
    drop(starting);
    let served = ports.serve(&process, live, started.tls).await;
    polling.abort();
    // Its last writing is after the last request.
    drop(keeper);
    served
}

/// What a start reads from the state directory, or generates.
struct Started {
    state: Option<StateDirectory>,
    tls: Arc<ServerConfig>,
    /// The file of the certificate that clients must trust.
    trusted: PathBuf,
    keys: KeyRing,
    memory: Memory,
}

impl Started {
    async fn of(settings: &Settings, authority: &Authority) -> anyhow::Result<Self> {
        let names = certificate_names(settings, authority);
        let settings = settings.clone();
        // Key generation takes a core for hundreds of milliseconds, and file access blocks.
        tokio::task::spawn_blocking(move || Self::read_or_generate(&settings, names)).await?
    }

    fn read_or_generate(settings: &Settings, names: Vec<String>) -> anyhow::Result<Self> {
        let state = settings.state();
        let state = state.as_deref().map(StateDirectory::open).transpose()?;
        let (tls, trusted) = certificates(settings, state.as_ref(), names)?;
        let (keys, memory) = match &state {
            Some(state) => (
                state.read(StateFile::SigningKeys, KeyRing::restored)?,
                state.read(StateFile::Sessions, Memory::restored)?,
            ),
            None => (None, None),
        };
        Ok(Self {
            state,
            tls,
            trusted,
            keys: match keys {
                Some(keys) => keys,
                None => KeyRing::new(SigningKey::generate()?),
            },
            memory: memory.unwrap_or_else(Memory::new),
        })
    }
}

/// The TLS configuration, and the file of the certificate that clients must trust.
fn certificates(
    settings: &Settings,
    state: Option<&StateDirectory>,
    names: Vec<String>,
) -> anyhow::Result<(Arc<ServerConfig>, PathBuf)> {
    if let (Some(certificate), Some(key)) = (&settings.certificate, &settings.certificate_key) {
        return Ok((Certificates::read(certificate, key)?, certificate.clone()));
    }
    let state = state.context("without a certificate there is always a state directory")?;
    let certificates = Certificates::kept(state, names, now())?;
    let trusted = state.publish(certificates.authority_pem())?;
    Ok((certificates.server, trusted))
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
