//! The commands other than `serve`.

pub mod check;
pub mod completions;
pub mod conformance;
pub mod explain;
pub mod lint;
pub mod reference;
pub mod schema;
pub mod test;
