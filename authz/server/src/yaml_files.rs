//! Lists and reads YAML files, also of a folder that Kubernetes mounts.

use std::path::{Path, PathBuf};

/// Most bytes of a file. A person writes no larger configuration, a ConfigMap holds no more, and to
/// read a huge file could exhaust memory.
const LARGEST_FILE: u64 = 1024 * 1024;
const EXTENSIONS: [&str; 2] = ["yaml", "yml"];

/// Lists `path` itself, or every `.yaml` and `.yml` file of the folder `path`.
///
/// Links are followed, because a mounted ConfigMap consists of them.
pub fn list(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| format!("cannot be listed: {error}"))?;
    let is_yaml = |file: &PathBuf| {
        let hidden = file
            .file_name()
            .is_none_or(|name| name.to_string_lossy().starts_with('.'));
        !hidden
            && file
                .extension()
                .is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known))
    };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_yaml)
        .collect();
    files.sort();
    if files.is_empty() {
        Err("has no .yaml or .yml file".to_owned())
    } else {
        Ok(files)
    }
}

/// Reads `file`, of at most 1 MiB.
pub fn read(file: &Path) -> Result<String, String> {
    let size = std::fs::metadata(file)
        .map_err(|error| error.to_string())?
        .len();
    if size > LARGEST_FILE {
        return Err(format!(
            "it has {size} bytes, more than the {LARGEST_FILE} that are read"
        ));
    }
    std::fs::read_to_string(file).map_err(|error| error.to_string())
}
