use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use portcullis_policy::{PolicyProblem, PolicyProblems, PolicySet};
use serde::{Deserialize, Serialize};

use crate::yaml_files;

/// The text of every policy file, by name: what a set is compiled from, and what shows whether it
/// changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PolicyText(BTreeMap<String, String>);

impl PolicyText {
    /// Reads a file, or every `.yaml` and `.yml` file of a folder (a mounted ConfigMap has links to
    /// them, which are followed). An error says what is wrong with the files that can be read too.
    pub(crate) fn read<'a>(
        paths: impl IntoIterator<Item = &'a Path>,
    ) -> Result<Self, PolicyProblems> {
        let (mut texts, mut problems) = (BTreeMap::new(), Vec::new());
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
            Ok(_) => Err(PolicyProblems(problems)),
        }
    }

    fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// A short hash of it all, by which people and programs tell one set from another.
    pub(crate) fn version(&self) -> String {
        let mut context = Context::new(&SHA256);
        for (name, text) in &self.0 {
            // Lengths keep what is part of which apart.
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

    /// Compiles what was read.
    pub(crate) fn compile(&self) -> Result<PolicySet, PolicyProblems> {
        PolicySet::compile(self.files())
    }
}

fn read_files(
    files: Vec<PathBuf>,
    texts: &mut BTreeMap<String, String>,
    problems: &mut Vec<PolicyProblem>,
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

fn problem(path: &Path, problem: String) -> PolicyProblem {
    PolicyProblem::of_file(path.display().to_string(), problem)
}

#[cfg(test)]
mod tests {
    use super::PolicyText;

    #[test]
    fn a_folder_is_read_as_kubernetes_mounts_it() {
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
    fn what_cannot_be_read_is_named() {
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
    fn unreadable_file_does_not_hide_mistakes_in_others_nor_make_new_ones() {
        let folder = tempfile::tempdir().unwrap();
        let policy = folder.path().join("policy.yaml");
        let text = "apiVersion: portcullis.dev/v1alpha1\nkind: RoutePolicy\nmetadata: {name: tasks}\nspec:\n  issuer: entra\n  \
                    application: a\n  allow: [{callers: users}]\n  upstream: {name: tasks}\n";
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
