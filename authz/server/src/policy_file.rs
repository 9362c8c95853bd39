use std::path::Path;

use portcullis_policy::PolicySet;
use portcullis_runtime::InvalidSettings;

/// Reads and compiles the policy file; what is wrong with it is an error of settings (exit code 64).
pub(crate) fn load(path: &Path) -> Result<PolicySet, InvalidSettings> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        InvalidSettings(vec![format!("--policy {name}: cannot be read: {error}; give a file of policy documents")])
    })?;
    PolicySet::compile([(name.as_str(), text.as_str())]).map_err(|problems| InvalidSettings(problems.lines()))
}
