use std::path::PathBuf;

use anyhow::{Context, ensure};

/// The path of a program in the target folder of the running one. Cargo puts tests one folder
/// deeper, into `deps`.
pub fn path(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("the folder of the programs cannot be found")?;
    let folders = own
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name));
    let found = folders.into_iter().find(|path| path.is_file());
    found.with_context(|| {
        format!("the program {name} is not built; run: cargo build --release --workspace")
    })
}

/// The Envoy binary: `ENVOY`, which `make` sets to the output of `dev/envoy/obtain`.
pub fn envoy() -> anyhow::Result<PathBuf> {
    let path = PathBuf::from(
        std::env::var_os("ENVOY")
            .context("ENVOY is not set; run: export ENVOY=$(dev/envoy/obtain)")?,
    );
    ensure!(
        path.is_file(),
        "ENVOY is '{}', which is not a file; run: export ENVOY=$(dev/envoy/obtain)",
        path.display()
    );
    Ok(path)
}
