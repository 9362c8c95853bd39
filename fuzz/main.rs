//! Runs a target of `tests/fuzz` under libFuzzer.
//!
//! The variable `FUZZ_TARGET` names the target, so that all targets share one build.
#![no_main]

use std::sync::LazyLock;

use fuzz_tests::{TARGETS, Target};

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|(known, _)| *known == name);
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    found
        .unwrap_or_else(|| {
            panic!(
                "FUZZ_TARGET is '{name}'; it must be one of {}",
                names.join(", ")
            )
        })
        .1
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| (*TARGET)(data));
