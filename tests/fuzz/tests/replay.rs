//! Runs the fuzz targets on the inputs that the fuzzer started with and on those that it found.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail by panicking"
)]

use std::path::Path;

use fuzz_tests::TARGETS;

#[test]
fn every_target_holds_for_all_of_its_inputs() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, target) in TARGETS {
        let files = std::fs::read_dir(corpora.join(name))
            .unwrap_or_else(|error| panic!("fuzz/corpus/{name}: {error}"));
        let mut count = 0;
        for file in files {
            let path = file.unwrap().path();
            let input = std::fs::read(&path).unwrap();
            println!("{}", path.display());
            target(&input);
            count += 1;
            // Each input is also cut short at up to 64 places.
            for length in (0..input.len()).step_by(1 + input.len() / 64) {
                target(input.get(..length).unwrap_or_default());
            }
        }
        assert!(count >= 5, "{name} has {count} inputs");
    }
}
