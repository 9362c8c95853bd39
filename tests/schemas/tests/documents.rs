//! The documents that are kept are those of the code.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::path::Path;

#[test]
fn kept_documents_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi");
    for (name, document) in
        [("audit", audit::openapi()), ("notification", notification::openapi()), ("task-api", task_api::openapi())]
    {
        let kept = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap_or_default();
        let current = document.to_pretty_json().unwrap() + "\n";
        assert!(kept == current, "docs/openapi/{name}.json is out of date; run: make generate");
    }
}
