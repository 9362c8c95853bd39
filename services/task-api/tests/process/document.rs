//! The description of the API is that of the code.

use std::path::Path;

#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi/task-api.json");
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let current = serde_json::to_string_pretty(&task_api::openapi()).unwrap() + "\n";
    assert!(committed == current, "{} is out of date; run `make generate`", file.display());
}
