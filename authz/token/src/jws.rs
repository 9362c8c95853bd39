//! JSON Web Signatures (RFC 7515): one spelling, strict JSON, and the rules of the header.

mod algorithm;
mod compact;
mod header;
mod header_memo;
mod members;
mod strict_json;

pub use algorithm::Algorithm;
pub(crate) use algorithm::{Curve, Family};
pub use compact::MAX_TOKEN_LENGTH;
pub(crate) use compact::{CompactJws, malformed, too_large};
pub(crate) use header::{Header, algorithm_not_allowed, graph_token, read_header};
pub(crate) use header_memo::HeaderMemo;
pub(crate) use members::Members;
pub(crate) use strict_json::parse_object;
