//! Reads Envoy's files as YAML documents.

use std::path::Path;

use portcullis_policy::YamlError;
use serde_json::Value;

use super::code::Code;
use super::finding::{Finding, Place};
use portcullis_server::{list_yaml_files, read_yaml_file};

/// One YAML document with the name of its file.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) file: String,
    pub(super) value: Value,
}

/// Reads every document of a file, or of the files in a folder.
pub(super) fn read(path: &Path, findings: &mut Vec<Finding>) -> Vec<Document> {
    let mut documents = Vec::new();
    let files = list_yaml_files(path).unwrap_or_else(|cause| {
        findings.push(unusable(path, cause));
        Vec::new()
    });
    for file in files {
        match parse(&file) {
            Ok(values) => {
                let name = file.display().to_string();
                documents.extend(values.into_iter().map(|value| Document {
                    file: name.clone(),
                    value,
                }));
            }
            Err(cause) => findings.push(unusable(&file, cause)),
        }
    }
    documents
}

fn parse(file: &Path) -> Result<Vec<Value>, String> {
    let text = read_yaml_file(file).map_err(|cause| format!("cannot be read: {cause}"))?;
    // The parser itself rejects duplicate keys and limits aliases. Its message has line and column.
    let values: Vec<Value> = serde_saphyr::from_multiple(&text)
        .map_err(|error| format!("is not YAML: {}", YamlError::from(&error)))?;
    Ok(values
        .into_iter()
        .filter(|value| !value.is_null())
        .collect())
}

fn unusable(path: &Path, cause: String) -> Finding {
    Place::new(path.display().to_string(), "").finding(Code::FileUnusable, "", cause)
}
