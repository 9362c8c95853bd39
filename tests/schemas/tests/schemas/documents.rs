//! The documents in `docs/openapi` are those of the code. `WRITE_PAGES=1` rewrites them.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::path::Path;

#[test]
fn kept_documents_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi");
    for (name, document) in [
        ("audit", audit::openapi()),
        ("notification", notification::openapi()),
        ("task-api", task_api::openapi()),
    ] {
        let file = folder.join(format!("{name}.json"));
        let current = document.to_pretty_json().unwrap() + "\n";
        if std::env::var_os("WRITE_PAGES").is_some() {
            std::fs::write(&file, &current).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            kept == current,
            "docs/openapi/{name}.json is out of date; run: make generate"
        );
    }
}
