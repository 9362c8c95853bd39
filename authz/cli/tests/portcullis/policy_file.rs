//! The sample policies, and copies of them with an edit.
#![allow(
    clippy::unwrap_used,
    reason = "a test may panic, its helpers outside #[test] functions too"
)]

use std::path::{Path, PathBuf};

pub(crate) const POLICY: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/policies/task-suite.yaml"
);

/// Writes a copy of the sample policies that has `bad` in place of `good`.
pub(crate) fn policy_with(folder: &Path, good: &str, bad: &str) -> PathBuf {
    let text = std::fs::read_to_string(POLICY).unwrap();
    assert!(text.contains(good), "{good}");
    let path = folder.join("policy.yaml");
    std::fs::write(&path, text.replace(good, bad)).unwrap();
    path
}
