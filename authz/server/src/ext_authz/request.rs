use bytes::Bytes;

use super::HeaderValue;

/// `envoy.service.auth.v3.CheckRequest`: asks for a decision about a client's request.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct CheckRequest {
    /// Attributes of the request.
    #[prost(message, optional, tag = "1")]
    pub attributes: Option<AttributeContext>,
}

/// `envoy.service.auth.v3.AttributeContext`: attributes of a request.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct AttributeContext {
    /// The peer of the connection.
    #[prost(message, optional, tag = "1")]
    pub source: Option<Peer>,
    /// The request.
    #[prost(message, optional, tag = "4")]
    pub request: Option<Request>,
    /// What the route tells the authz server. The last entry of a key counts.
    #[prost(message, repeated, tag = "10")]
    pub context_extensions: Vec<MapEntry>,
}

/// An entry of a `map<string, string>`.
///
/// On the wire, a map is a repeated message of key and value (Protocol Buffers, "Maps"). A list of
/// entries needs no hash table and shows keys that occur twice.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct MapEntry {
    /// The key.
    #[prost(bytes = "bytes", tag = "1")]
    pub key: Bytes,
    /// The value.
    #[prost(bytes = "bytes", tag = "2")]
    pub value: Bytes,
}

/// `envoy.service.auth.v3.AttributeContext.Peer`: an end of a connection.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Peer {
    /// Its address.
    #[prost(message, optional, tag = "1")]
    pub address: Option<Address>,
}

/// `envoy.config.core.v3.Address`: an address, read only if it is a socket's.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Address {
    /// The address of a socket.
    #[prost(message, optional, tag = "1")]
    pub socket_address: Option<SocketAddress>,
}

/// `envoy.config.core.v3.SocketAddress`: the address of a socket.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SocketAddress {
    /// The IP address.
    #[prost(bytes = "bytes", tag = "2")]
    pub address: Bytes,
}

/// `envoy.service.auth.v3.AttributeContext.Request`: a request of any protocol.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Request {
    /// The request, if it is of HTTP.
    #[prost(message, optional, tag = "2")]
    pub http: Option<HttpRequest>,
}

/// `envoy.service.auth.v3.AttributeContext.HttpRequest`: an HTTP request.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct HttpRequest {
    /// The method.
    #[prost(bytes = "bytes", tag = "2")]
    pub method: Bytes,
    /// Header lines, without `encode_raw_headers`.
    #[prost(message, repeated, tag = "3")]
    pub headers: Vec<MapEntry>,
    /// Path and query.
    #[prost(bytes = "bytes", tag = "4")]
    pub path: Bytes,
    /// Header lines, with `encode_raw_headers`.
    #[prost(message, optional, tag = "13")]
    pub header_map: Option<HeaderMap>,
}

/// `envoy.config.core.v3.HeaderMap`: header lines.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct HeaderMap {
    /// The lines.
    #[prost(message, repeated, tag = "1")]
    pub headers: Vec<HeaderValue>,
}

impl AttributeContext {
    /// The value of a context extension.
    pub(crate) fn extension(&self, name: &str) -> Option<&[u8]> {
        let entry = self
            .context_extensions
            .iter()
            .rfind(|entry| entry.key == name)?;
        Some(&entry.value)
    }

    /// The address of the connection's peer; empty if it is not a socket's.
    pub(crate) fn source_address(&self) -> &[u8] {
        let address = self.source.as_ref().and_then(|peer| peer.address.as_ref());
        let socket = address.and_then(|address| address.socket_address.as_ref());
        socket.map_or(&[][..], |socket| &*socket.address)
    }
}

impl HttpRequest {
    /// The values of the header lines of one name.
    ///
    /// With `encode_raw_headers`, `header_map` has the exact bytes. Without it Envoy replaces bytes
    /// that are not UTF-8, so the authz server and the upstream would see different tokens. Several
    /// lines then arrive as one value with commas, which `bearer_token` denies.
    pub(crate) fn lines(&self, name: &str) -> impl DoubleEndedIterator<Item = &[u8]> {
        let map = self.headers.iter();
        let map = map
            .filter(move |entry| entry.key == name)
            .map(|entry| &*entry.value);
        let raw = self.header_map.iter().flat_map(|map| &map.headers);
        let raw = raw
            .filter(move |header| header.key == name)
            .map(HeaderValue::bytes);
        map.chain(raw)
    }
}
