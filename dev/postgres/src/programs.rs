use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

/// The folder of PostgreSQL's programs. The script `obtain` installs them if they are missing.
pub(crate) fn folder() -> anyhow::Result<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("obtain");
    let output = Command::new(&script)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{}: cannot be run", script.display()))?;
    ensure!(
        output.status.success(),
        "{}: found no PostgreSQL and could not install it",
        script.display()
    );
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}
