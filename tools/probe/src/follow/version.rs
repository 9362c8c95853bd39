//! The files of a ConfigMap as one version, read and written like kubelet's `AtomicWriter`.
//!
//! The files lie in a folder of their own. `..data` is a link to it, and `NAME` a link to
//! `..data/NAME`. A rename moves `..data`, so that a reader sees all files of one version. It is
//! also the event that Envoy's `watched_directory` waits for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};

const DATA: &str = "..data";
const NEXT_DATA: &str = "..data_tmp";
/// Maximum bytes of all files: Kubernetes' own limit on the values of a ConfigMap.
const MOST_BYTES: usize = 1 << 20;
const MOST_FILES: usize = 1000;

/// The contents of all files, by name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Version(BTreeMap<String, Vec<u8>>);

impl Version {
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        // The link is read once, because kubelet may move it between two files.
        let place = match fs::read_link(folder.join(DATA)) {
            Ok(link) => folder.join(link),
            Err(error) if error.kind() == ErrorKind::NotFound => folder.to_owned(),
            Err(error) => return Err(error).with_context(|| place_of(folder, DATA)),
        };
        let mut files = BTreeMap::new();
        let mut left = MOST_BYTES;
        for name in names(&place)? {
            if name.starts_with("..") {
                continue;
            }
            ensure!(
                files.len() < MOST_FILES,
                "{}: more than {MOST_FILES} files",
                place.display()
            );
            let bytes = read_file(&place.join(&name), left)?;
            left = left.saturating_sub(bytes.len());
            files.insert(name, bytes);
        }
        Ok(Self(files))
    }

    pub(super) fn files(&self) -> usize {
        self.0.len()
    }

    /// The names in `file`, one on a line.
    pub(super) fn policies(&self, file: &str) -> anyhow::Result<BTreeSet<String>> {
        let bytes = self
            .0
            .get(file)
            .with_context(|| format!("{file}: does not exist"))?;
        let text = std::str::from_utf8(bytes).with_context(|| format!("{file}: not UTF-8"))?;
        let names = text.lines().map(str::trim).filter(|name| !name.is_empty());
        Ok(names.map(str::to_owned).collect())
    }

    /// Makes this the version in `target`.
    pub(super) fn publish(&self, target: &Path) -> anyhow::Result<()> {
        sweep(target)?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let folder = format!("..{}.{:09}", now.as_secs(), now.subsec_nanos());
        fs::create_dir(target.join(&folder)).with_context(|| place_of(target, &folder))?;
        for (name, bytes) in &self.0 {
            let file = target.join(&folder).join(name);
            fs::write(&file, bytes).with_context(|| file.display().to_string())?;
        }
        // The links come first, because Envoy may read a new file as soon as `..data` moves.
        for name in self.0.keys() {
            link(target, name)?;
        }
        let next = target.join(NEXT_DATA);
        symlink(&folder, &next).with_context(|| next.display().to_string())?;
        fs::rename(&next, target.join(DATA)).with_context(|| place_of(target, DATA))?;
        self.unlink_others(target)?;
        sweep(target)
    }

    /// Removes the links of files that this version lacks.
    fn unlink_others(&self, target: &Path) -> anyhow::Result<()> {
        for name in names(target)? {
            if !name.starts_with("..") && !self.0.contains_key(&name) {
                fs::remove_file(target.join(&name)).with_context(|| place_of(target, &name))?;
            }
        }
        Ok(())
    }
}

fn read_file(path: &Path, most: usize) -> anyhow::Result<Vec<u8>> {
    let context = || path.display().to_string();
    let file = File::open(path).with_context(context)?;
    ensure!(
        file.metadata().with_context(context)?.is_file(),
        "{}: not a file",
        path.display()
    );
    let mut bytes = Vec::new();
    file.take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .with_context(context)?;
    ensure!(
        bytes.len() <= most,
        "{}: the files have more than {MOST_BYTES} bytes",
        path.display()
    );
    Ok(bytes)
}

/// Links `name` to the file in the version that `..data` names.
fn link(target: &Path, name: &str) -> anyhow::Result<()> {
    let path = target.join(name);
    let to = PathBuf::from(DATA).join(name);
    match fs::read_link(&path) {
        Ok(found) if found == to => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        _ => fs::remove_file(&path).with_context(|| path.display().to_string())?,
    }
    symlink(to, &path).with_context(|| path.display().to_string())
}

/// Removes earlier versions, and the remains of an interrupted copy.
fn sweep(target: &Path) -> anyhow::Result<()> {
    let in_force = fs::read_link(target.join(DATA)).unwrap_or_default();
    for name in names(target)? {
        if !name.starts_with("..") || name == DATA || Path::new(&name) == in_force {
            continue;
        }
        let path = target.join(&name);
        let folder = path.is_dir() && !path.is_symlink();
        let remove = if folder {
            fs::remove_dir_all
        } else {
            fs::remove_file
        };
        remove(&path).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let context = || folder.display().to_string();
    let entries = fs::read_dir(folder).with_context(context)?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names.collect::<std::io::Result<_>>().with_context(context)
}

fn place_of(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}
