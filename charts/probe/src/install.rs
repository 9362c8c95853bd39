use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use anyhow::Context;

/// Where to copy this program to.
#[derive(Debug, clap::Args)]
pub(crate) struct Install {
    /// File to write.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Install {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let place = || format!("{}: this program cannot be copied there", self.file.display());
        let own = std::env::current_exe().context("the path of this program")?;
        std::fs::copy(own, &self.file).with_context(place)?;
        std::fs::set_permissions(&self.file, std::fs::Permissions::from_mode(0o755)).with_context(place)
    }
}
