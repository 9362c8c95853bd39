//! One set of features for the whole workspace, so that `cargo build`, `cargo clippy` and `cargo
//! test` share one build of the dependencies.
//!
//! Cargo compiles a dependency anew for each set of features. What only tests ask for (tokio's
//! paused clock, for one) would give programs and tests two sets, and nearly the whole tree would
//! be built twice. A member of the workspace that asks for the same as an ordinary dependency makes
//! them one. Nothing depends on this crate: a build of one program for an image (`cargo build
//! --package`) has none of these features.
//!
//! `dev/features/check` fails if the two sets differ again, and names what has to be added here.
