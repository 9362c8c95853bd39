use std::collections::BTreeMap;

use bytes::Bytes;

use super::HeaderValue;

/// `envoy.service.auth.v3.CheckResponse`: the decision about a request.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CheckResponse {
    /// OK allows the request, and any other code denies it.
    #[prost(message, optional, tag = "1")]
    pub status: Option<Status>,
    /// What Envoy does with the request.
    #[prost(oneof = "HttpResponse", tags = "2, 3")]
    pub http_response: Option<HttpResponse>,
    /// Metadata of the request, for Envoy's access log.
    #[prost(message, optional, tag = "4")]
    pub dynamic_metadata: Option<Struct>,
}

/// `envoy.service.auth.v3.CheckResponse.http_response`: what Envoy does with a request.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum HttpResponse {
    /// Answers the client.
    #[prost(message, tag = "2")]
    DeniedResponse(DeniedHttpResponse),
    /// Forwards the request: an [`OkHttpResponse`], encoded.
    ///
    /// On the wire, a message in a message is a field of bytes (Protocol Buffers, "Submessages").
    #[prost(bytes = "bytes", tag = "3")]
    OkResponse(Bytes),
}

/// `envoy.service.auth.v3.DeniedHttpResponse`: an answer to the client.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DeniedHttpResponse {
    /// Its status.
    #[prost(message, optional, tag = "1")]
    pub status: Option<HttpStatus>,
    /// Its headers.
    #[prost(message, repeated, tag = "2")]
    pub headers: Vec<HeaderValueOption>,
    /// Its body.
    #[prost(string, tag = "3")]
    pub body: String,
}

/// `envoy.service.auth.v3.OkHttpResponse`: changes to a request on its way to the upstream.
#[derive(Clone, PartialEq, prost::Message)]
pub struct OkHttpResponse {
    /// Headers to set.
    #[prost(message, repeated, tag = "2")]
    pub headers: Vec<HeaderValueOption>,
    /// Names of headers to remove.
    #[prost(bytes = "bytes", repeated, tag = "5")]
    pub headers_to_remove: Vec<Bytes>,
    /// Headers to set in the answer to the client.
    #[prost(message, repeated, tag = "6")]
    pub response_headers_to_add: Vec<HeaderValueOption>,
}

/// `envoy.config.core.v3.HeaderValueOption`: a header to set, and how.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HeaderValueOption {
    /// The header.
    #[prost(message, optional, tag = "1")]
    pub header: Option<HeaderValue>,
    /// The former name of `append_action`.
    #[prost(message, optional, tag = "2")]
    pub append: Option<bool>,
    /// What to do if the header exists.
    #[prost(enumeration = "HeaderAppendAction", tag = "3")]
    pub append_action: i32,
}

/// `envoy.config.core.v3.HeaderValueOption.HeaderAppendAction`: what to do if a header exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum HeaderAppendAction {
    /// Adds a value to those that exist.
    AppendIfExistsOrAdd = 0,
    /// Replaces the values that exist.
    OverwriteIfExistsOrAdd = 2,
}

/// `envoy.type.v3.HttpStatus`: a status of HTTP.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct HttpStatus {
    /// Its code.
    #[prost(int32, tag = "1")]
    pub code: i32,
}

/// `google.rpc.Status`: a status of gRPC.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Status {
    /// Its code.
    #[prost(int32, tag = "1")]
    pub code: i32,
}

/// `google.protobuf.Struct`: a JSON object.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Struct {
    /// Its members.
    #[prost(btree_map = "string, message", tag = "1")]
    pub fields: BTreeMap<String, Value>,
}

/// `google.protobuf.Value`: a JSON value, which is a string here.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Value {
    /// The string.
    #[prost(string, optional, tag = "3")]
    pub string_value: Option<String>,
}

impl HeaderValueOption {
    /// A header that replaces a client's values.
    ///
    /// Both fields say so, because Envoy 1.40 appends to the client's values when `append` is true,
    /// whatever the action says.
    pub(crate) fn overwrite(name: &'static str, value: impl Into<Bytes>) -> Self {
        let header = HeaderValue {
            key: Bytes::from_static(name.as_bytes()),
            value: value.into(),
            raw_value: Bytes::new(),
        };
        Self {
            header: Some(header),
            append: Some(false),
            append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
        }
    }
}
