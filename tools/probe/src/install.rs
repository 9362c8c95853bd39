use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};

use crate::elf;

/// Bytes of the program that are checked. Linkers put the headers and the name of the loader first,
/// so the container's memory need not hold the whole program.
const HEAD: u64 = 1 << 16;
const ADVICE: &str = "build the image `probe` with images/build";

/// The destination of the copy.
#[derive(Debug, clap::Args)]
pub(crate) struct Install {
    /// Write this file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Fail if the program exceeds this size of the volume. kubelet would evict the pod.
    #[arg(long, value_name = "MIB", default_value_t = 64)]
    volume_mib: u64,
}

impl Install {
    /// Copies this program and runs the copy once. A copy that cannot run would fail silently when
    /// Envoy must drain.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let own = std::env::current_exe().context("the path of this program")?;
        self.copy(&own)?;
        let place = self.file.display();
        let done = Command::new(&self.file)
            .arg("--version")
            .output()
            .with_context(|| {
                format!("{place}: this copy cannot run; is its volume mounted noexec?")
            })?;
        ensure!(
            done.status.success(),
            "{place}: this copy cannot run: {}",
            done.status
        );
        Ok(())
    }

    fn copy(&self, own: &Path) -> anyhow::Result<()> {
        let name = own.display();
        let volume = self.file.display();
        let unreadable = || format!("{name}: cannot be read");
        let program = File::open(own).with_context(unreadable)?;
        let size = program.metadata().with_context(unreadable)?.len();
        let limit = self.volume_mib << 20;
        if size > limit {
            bail!(
                "{name}: {size} bytes, and the volume of {volume} takes {limit}: \
                 kubelet would evict the pod; {ADVICE}"
            );
        }
        let mut head = Vec::new();
        program
            .take(HEAD)
            .read_to_end(&mut head)
            .with_context(unreadable)?;
        match elf::loader(&head) {
            Ok(None) => {}
            Ok(Some(loader)) => bail!(
                "{name}: not static: it needs {loader} and libraries, which the container of \
                 Envoy may lack, so that Envoy could not drain; {ADVICE}"
            ),
            Err(error) => bail!("{name}: {error}; {ADVICE}"),
        }
        let place = || format!("{volume}: this program cannot be copied there");
        std::fs::copy(own, &self.file).with_context(place)?;
        std::fs::set_permissions(&self.file, std::fs::Permissions::from_mode(0o755))
            .with_context(place)
    }
}

#[cfg(test)]
mod tests {
    use super::Install;
    use crate::elf::tests::program;

    #[test]
    fn copy_must_be_static_and_fit() {
        struct Case {
            name: &'static str,
            bytes: Vec<u8>,
            words: Option<&'static str>,
        }

        let folder = std::env::temp_dir().join(format!("probe-install-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let large = {
            let mut bytes = program(None);
            bytes.resize((1 << 20) + 1, 0);
            bytes
        };
        for Case { name, bytes, words } in [
            Case {
                name: "static",
                bytes: program(None),
                words: None,
            },
            Case {
                name: "dynamic",
                bytes: program(Some("/lib64/ld-linux-x86-64.so.2")),
                words: Some("not static: it needs /lib64/ld-linux"),
            },
            Case {
                name: "too large",
                bytes: large,
                words: Some("1048577 bytes, and the volume"),
            },
            Case {
                name: "script",
                bytes: b"#!/bin/sh\n".to_vec(),
                words: Some("not an ELF program"),
            },
        ] {
            let own = folder.join(name);
            let file = folder.join(format!("{name}.copy"));
            std::fs::write(&own, &bytes).unwrap();
            let found = Install {
                file: file.clone(),
                volume_mib: 1,
            }
            .copy(&own)
            .map_err(|error| error.to_string());
            match words {
                None => assert_eq!(
                    (found, std::fs::read(&file).unwrap()),
                    (Ok(()), bytes),
                    "{name}"
                ),
                Some(words) => {
                    assert!(
                        found.as_ref().is_err_and(|text| text.contains(words)),
                        "{name}: {found:?}"
                    );
                    assert!(!file.exists(), "{name}");
                }
            }
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
