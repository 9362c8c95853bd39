//! One set of features for the whole workspace, so that `cargo build`, `cargo clippy` and `cargo
//! test` share one build of the dependencies.
//!
//! Cargo compiles a dependency once for each set of features. Features that only tests enable, such
//! as tokio's paused clock, would give programs and tests two sets, and nearly the whole tree would
//! be built twice. This crate enables them as ordinary dependencies, so that there is one set.
//! No crate depends on this one: a build of one program for an image (`cargo build --package`) has
//! none of these features.
//!
//! `dev/features/check` fails if the two sets differ, and names the features to add here.
