use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use tokio::net::{UnixListener, UnixStream};

/// Mode of the socket file: owner and group may connect.
///
/// Connecting needs write permission (unix(7)), and Envoy runs as another user of the same group.
const MODE: u32 = 0o660;

/// A listening Unix socket. Its file is removed when this is dropped.
#[derive(Debug)]
pub(super) struct UnixSocket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode. The drop keeps the file of a successor at the same path.
    file: (u64, u64),
}

impl UnixSocket {
    /// Binds `path` and replaces a socket file on which no process listens, as after a crash.
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
            let path = self.path.display();
            tracing::warn!(%path, %error, "cannot remove the socket file");
        }
    }
}

/// Removes the file at `path` if it is a socket on which no process listens.
async fn remove_stale(path: &Path) -> anyhow::Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).context("cannot read the file's metadata"),
    };
    if !metadata.file_type().is_socket() {
        bail!("the file is not a socket; move it away or choose another path");
    }
    match UnixStream::connect(path).await {
        Ok(_) => bail!("another process listens on it; stop it or choose another path"),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).context("cannot remove a stale socket; remove it")
        }
        Err(error) => Err(error)
            .context("cannot tell whether a process listens on an existing socket; remove it"),
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}
