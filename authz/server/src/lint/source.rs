//! The files, as values.

use std::path::Path;

use portcullis_policy::YamlError;
use serde_json::Value;

use super::code::Code;
use super::finding::{Finding, Place};
use crate::yaml_files;

/// One YAML document with the name of its file.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) file: String,
    pub(super) value: Value,
}

/// Every document of the file, or of the files of the folder.
pub(super) fn read(path: &Path, findings: &mut Vec<Finding>) -> Vec<Document> {
    let mut documents = Vec::new();
    let files = yaml_files::list(path).unwrap_or_else(|cause| {
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
    let text = yaml_files::read(file).map_err(|cause| format!("cannot be read: {cause}"))?;
    // The parser refuses duplicate keys and bounds aliases by itself, and its message has line and
    // column.
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
