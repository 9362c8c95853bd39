use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use portcullis_policy::{PolicyError, PolicyErrors, PolicySet};
use serde::{Deserialize, Serialize};

use crate::yaml_files;

/// The contents of every policy file, by name.
///
/// A set of policies is compiled from them, and a comparison shows whether they changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyText(BTreeMap<String, String>);

impl PolicyText {
    /// Reads each path: a file, or every `.yaml` and `.yml` file of a folder.
    ///
    /// Links are followed, because a mounted ConfigMap consists of them. If a file cannot be read,
    /// the error also has the policy errors of the other files.
    pub fn read<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<Self, PolicyErrors> {
        let mut texts = BTreeMap::new();
        let mut problems = Vec::new();
        for path in paths {
            match yaml_files::list(path) {
                Ok(files) => read_files(files, &mut texts, &mut problems),
                Err(cause) => problems.push(problem(path, cause)),
            }
        }
        let read = Self(texts);
        if problems.is_empty() {
            return Ok(read);
        }
        match PolicySet::compile_beside(read.files(), problems.clone()) {
            Err(all) => Err(all),
            Ok(_) => Err(PolicyErrors(problems)),
        }
    }

    fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// The version: a short hash of all names and contents.
    #[must_use]
    pub fn version(&self) -> String {
        let mut context = Context::new(&SHA256);
        for (name, text) in &self.0 {
            // Lengths keep names and contents apart.
            context.update(&(name.len() as u64).to_be_bytes());
            context.update(name.as_bytes());
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text.as_bytes());
        }
        context
            .finish()
            .as_ref()
            .iter()
            .take(6)
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    }

    /// Compiles the files into a set of policies.
    pub fn compile(&self) -> Result<PolicySet, PolicyErrors> {
        PolicySet::compile(self.files())
    }
}

fn read_files(
    files: Vec<PathBuf>,
    texts: &mut BTreeMap<String, String>,
    problems: &mut Vec<PolicyError>,
) {
    for file in files {
        match yaml_files::read(&file) {
            Ok(text) => {
                texts.insert(file.display().to_string(), text);
            }
            Err(cause) => problems.push(problem(
                &file,
                format!("cannot be read: {cause}; give a file or a folder of policy documents"),
            )),
        }
    }
}

fn problem(path: &Path, problem: String) -> PolicyError {
    PolicyError::of_file(path.display().to_string(), problem)
}

#[cfg(test)]
mod tests {
    use super::PolicyText;

    #[test]
    fn folder_is_read_as_kubernetes_mounts_it() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("..2026");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("tasks.yaml"), "a").unwrap();
        std::fs::write(folder.path().join("notes.txt"), "b").unwrap();
        std::os::unix::fs::symlink("..2026", folder.path().join("..data")).unwrap();
        std::os::unix::fs::symlink("..data/tasks.yaml", folder.path().join("tasks.yaml")).unwrap();
        let PolicyText(texts) = PolicyText::read([folder.path()]).unwrap();
        let names: Vec<_> = texts.into_iter().collect();
        assert_eq!(
            names,
            [(
                folder.path().join("tasks.yaml").display().to_string(),
                "a".to_owned()
            )]
        );
    }

    #[test]
    fn unreadable_paths_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("absent.yaml");
        let problems = PolicyText::read([absent.as_path(), folder.path()])
            .unwrap_err()
            .to_string();
        assert!(
            problems.contains("absent.yaml: cannot be read") && problems.contains("has no .yaml"),
            "{problems}"
        );
    }

    #[test]
    fn unreadable_file_hides_no_policy_errors_of_others_and_makes_none() {
        let folder = tempfile::tempdir().unwrap();
        let policy = folder.path().join("policy.yaml");
        let text = "apiVersion: portcullis.dev/v1alpha1\nkind: RoutePolicy\n\
                    metadata: {name: tasks}\nspec:\n  issuer: entra\n  application: a\n  \
                    allow: [{callers: users}]\n  upstream: {name: tasks}\n";
        std::fs::write(&policy, text).unwrap();
        let problems = PolicyText::read([folder.path().join("absent.yaml").as_path(), &policy])
            .unwrap_err()
            .to_string();
        assert!(
            problems.contains("policy.yaml:7:11: RoutePolicy tasks: spec.allow[0].scopes"),
            "{problems}"
        );
        assert!(!problems.contains("there is no TokenIssuer"), "{problems}");
    }
}
