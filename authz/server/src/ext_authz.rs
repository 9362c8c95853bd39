//! Envoy's messages of ext_authz, with the fields that the authz server reads and writes.
//!
//! A parser skips the other fields. Strings are [`Bytes`]: slices of the message, of which only
//! those that a decision needs are checked to be UTF-8. The types that are generated from all of
//! Envoy's files copy each string and take longer to compile than the authz server.

mod request;
mod response;

pub use request::{
    Address, AttributeContext, CheckRequest, HeaderMap, HttpRequest, MapEntry, Peer, Request,
    SocketAddress,
};
pub use response::{
    CheckResponse, DeniedHttpResponse, HeaderAppendAction, HeaderValueOption, HttpResponse,
    HttpStatus, OkHttpResponse, Status, Struct, Value,
};

use bytes::Bytes;

/// `envoy.config.core.v3.HeaderValue`: a header line.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct HeaderValue {
    /// The name of the header.
    #[prost(bytes = "bytes", tag = "1")]
    pub key: Bytes,
    /// The value, as UTF-8.
    #[prost(bytes = "bytes", tag = "2")]
    pub value: Bytes,
    /// The exact bytes of the value, in place of `value`.
    #[prost(bytes = "bytes", tag = "3")]
    pub raw_value: Bytes,
}

impl HeaderValue {
    /// The bytes of the value: `raw_value`, or `value` if `raw_value` is empty.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        if self.raw_value.is_empty() {
            &self.value
        } else {
            &self.raw_value
        }
    }
}

#[cfg(test)]
mod tests;
