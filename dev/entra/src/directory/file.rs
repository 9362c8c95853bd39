//! Polls the directory file: a good directory replaces the one in force, a bad one changes nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use portcullis_runtime::InvalidSettings;
use tokio::io::AsyncReadExt;

use super::Directory;
use crate::entra::Live;

/// Time between two polls. File notifications would miss links that Kubernetes swaps above the
/// file, network file systems, and editors that replace files.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The most bytes of the file.
const LARGEST_FILE: u64 = 4 * 1024 * 1024;

/// The file, and what the last polls found in it.
#[derive(Debug)]
pub(crate) struct DirectoryFile {
    path: PathBuf,
    /// The text of the directory in force.
    in_force: String,
    /// A text that cannot be used, and why. No poll parses it again.
    refused: Option<(String, String)>,
    /// Why the last poll put nothing in force, as the log says already.
    cause: Option<String>,
}

impl DirectoryFile {
    /// Reads and checks the file. The error names every contradiction.
    pub(crate) async fn load(path: &Path) -> anyhow::Result<(Self, Directory)> {
        let text = read(path).await.map_err(|problem| {
            InvalidSettings(vec![format!(
                "--directory {}: {problem}; give a YAML file of tenants, users and applications",
                path.display()
            )])
        })?;
        let directory = Directory::parse(&path.display().to_string(), &text)?;
        let file = Self {
            path: path.to_owned(),
            in_force: text,
            refused: None,
            cause: None,
        };
        Ok((file, directory))
    }

    /// Polls the file; never ends.
    pub(crate) async fn follow(mut self, live: Live) {
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            let outcome = self.poll(&live).await;
            self.note(outcome);
        }
    }

    /// Puts the directory of the file in force if it is new and can be used.
    async fn poll(&mut self, live: &Live) -> Result<(), String> {
        let name = self.path.display().to_string();
        let text = read(&self.path)
            .await
            .map_err(|problem| format!("{name}: {problem}"))?;
        if text == self.in_force {
            return Ok(());
        }
        if let Some((refused, cause)) = &self.refused
            && *refused == text
        {
            return Err(cause.clone());
        }
        match Directory::parse(&name, &text) {
            Ok(directory) => {
                tracing::info!(
                    file = name,
                    users = directory.users().len(),
                    applications = directory.applications().len(),
                    "directory replaced"
                );
                live.replace_directory(directory);
                self.in_force = text;
                Ok(())
            }
            Err(error) => {
                let cause = error.to_string();
                self.refused = Some((text, cause.clone()));
                Err(cause)
            }
        }
    }

    /// Logs why the directory is not replaced, unless the log says it already.
    fn note(&mut self, outcome: Result<(), String>) {
        let cause = outcome.err();
        if let Some(cause) = &cause
            && self.cause.as_ref() != Some(cause)
        {
            tracing::error!(
                cause,
                "the directory is not replaced; the last good one stays in force"
            );
        }
        self.cause = cause;
    }
}

async fn read(path: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let mut text = String::new();
    file.take(LARGEST_FILE + 1)
        .read_to_string(&mut text)
        .await
        .map_err(unreadable)?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(format!("has more than {LARGEST_FILE} bytes"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::DirectoryFile;
    use crate::fixture::{DIRECTORY, Fixture};

    #[tokio::test]
    async fn poll_replaces_a_good_directory_and_keeps_the_last_for_a_bad_one() {
        struct Case {
            name: &'static str,
            /// The text, or `None` to remove the file.
            text: Option<String>,
            /// The parts of the cause, if the directory is not replaced.
            refused: &'static [&'static str],
            /// The name of Ada afterwards.
            ada: &'static str,
        }

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("directory.yaml");
        std::fs::write(&path, DIRECTORY).unwrap();
        let (mut file, _) = DirectoryFile::load(&path).await.unwrap();
        let fixture = Fixture::new();
        let named = |name: &str| Some(DIRECTORY.replace("Ada Admin", name));
        let case = |name, text, refused, ada| Case {
            name,
            text,
            refused,
            ada,
        };
        let contradiction = DIRECTORY.replace("tenant: fabrikam", "tenant: x");
        let other_field = DIRECTORY.replacen("servicePrincipal:", "servicePrincipl:", 1);
        for Case {
            name,
            text,
            refused,
            ada,
        } in [
            case("unchanged", named("Ada Admin"), &[], "Ada Admin"),
            case("another name", named("Ada A."), &[], "Ada A."),
            case(
                "contradiction",
                Some(contradiction),
                &["directory.yaml:44:5: users.", "there is no tenant x"],
                "Ada A.",
            ),
            case(
                "unknown field",
                Some(other_field),
                &["directory.yaml:", ":", "servicePrincipl"],
                "Ada A.",
            ),
            case("absent", None, &["cannot be read"], "Ada A."),
            case("good again", named("Ada B."), &[], "Ada B."),
        ] {
            match text {
                Some(text) => std::fs::write(&path, text).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            // The second poll of a text that cannot be used has the same cause.
            for _ in 0..2 {
                let outcome = file.poll(&fixture.live).await;
                let problem = outcome.err().unwrap_or_default();
                assert_eq!(problem.is_empty(), refused.is_empty(), "{name}: {problem}");
                for part in refused {
                    assert!(problem.contains(part), "{name}: {problem}");
                }
            }
            let entra = fixture.live.entra();
            let user = entra
                .directory
                .user_named(None, "ada.admin@contoso.example");
            assert_eq!(user.unwrap().name, ada, "{name}");
        }
    }

    #[tokio::test]
    async fn load_rejects_a_large_file_and_names_the_flag() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("directory.yaml");
        std::fs::write(&path, "#".repeat(4 * 1024 * 1024 + 1)).unwrap();
        let error = DirectoryFile::load(&path).await.unwrap_err().to_string();
        assert!(
            error.contains("--directory") && error.contains("more than 4194304 bytes"),
            "{error}"
        );
    }
}
