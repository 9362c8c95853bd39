use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use tokio::net::{UnixListener, UnixStream};

/// Owner and group may connect: connecting needs write permission (unix(7)). Envoy runs as another
/// user of the same group.
const MODE: u32 = 0o660;

/// A listening Unix socket. Its file is removed when this is dropped.
#[derive(Debug)]
pub(super) struct UnixSocket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode, so that the file of a successor at the same path stays.
    file: (u64, u64),
}

impl UnixSocket {
    /// Binds `path`. A socket file that no process listens on is replaced, as after a crash.
    pub(super) async fn bind(flag: &str, path: &Path) -> anyhow::Result<Self> {
        let setting = || format!("{flag} unix:{}", path.display());
        remove_stale(path).await.with_context(setting)?;
        let listener = UnixListener::bind(path).map_err(|error| {
            let fix = match error.kind() {
                io::ErrorKind::NotFound => "create its folder first",
                io::ErrorKind::PermissionDenied => "give this user write permission for its folder",
                _ => "choose another path",
            };
            anyhow!("{}: cannot listen: {error}; {fix}", setting())
        })?;
        let permissions = fs::Permissions::from_mode(MODE);
        fs::set_permissions(path, permissions)
            .with_context(|| format!("{}: cannot set its mode", setting()))?;
        let file = identity(path).with_context(setting)?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            file,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|file| file == self.file)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "the socket file cannot be removed");
        }
    }
}

/// Removes the file only if it is a socket and refuses connections: nobody listens there.
async fn remove_stale(path: &Path) -> anyhow::Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).context("cannot be looked up"),
    };
    if !metadata.file_type().is_socket() {
        bail!("a file that is not a socket lies there; move it away or choose another path");
    }
    match UnixStream::connect(path).await {
        Ok(_) => bail!("another process listens there; stop it or choose another path"),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)
            .context("a stale socket lies there and cannot be removed; remove it"),
        Err(error) => Err(error)
            .context("a socket lies there and does not say whether a process listens; remove it"),
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}
