//! Encoded parts of Envoy's `OkHttpResponse`.
//!
//! A parser merges messages that are written one after the other (Protocol Buffers, "Encoding",
//! §Last One Wins), so a reply is the concatenation of parts that were encoded long before.

use bytes::Bytes;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

use crate::wire::{Field, fields, header_value};

/// `OkHttpResponse.headers`.
const HEADERS: u32 = 2;
/// `OkHttpResponse.headers_to_remove`.
const HEADERS_TO_REMOVE: u32 = 5;
/// `OkHttpResponse.response_headers_to_add`.
const RESPONSE_HEADERS: u32 = 6;
/// `CheckResponse`: a status of 0 (the field is there and empty), then the `ok_response`.
const STATUS_OK: [u8; 2] = [0x0a, 0];
const OK_RESPONSE: u32 = 3;
/// The tail of a `HeaderValueOption` that overwrites: `append: {value: false}`, `append_action:
/// OVERWRITE_IF_EXISTS_OR_ADD`. Both, because Envoy 1.40 reads `append` and appends to a client's
/// value if it is true, whatever the action says.
const OVERWRITE: [u8; 4] = [0x12, 0, 0x18, 2];

/// Usual bytes of a caller's own headers.
const USUAL_PART: usize = 256;

/// Fields of an `OkHttpResponse`, encoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReplyPart(Box<[u8]>);

impl ReplyPart {
    /// Request headers to set, and names of request headers to remove.
    pub(crate) fn new<'a>(
        set: impl IntoIterator<Item = (&'a str, &'a str)>,
        remove: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut bytes = Vec::with_capacity(USUAL_PART);
        for (name, value) in set {
            put_header(&mut bytes, HEADERS, name, value);
        }
        for name in remove {
            put(&mut bytes, HEADERS_TO_REMOVE, name.as_bytes());
        }
        // A copy: mimalloc shrinks a more than half used allocation in place, so 150 bytes would
        // keep 256.
        Self(Box::from(&*bytes))
    }

    /// The value of a request header that is set.
    pub(crate) fn value(&self, name: &str) -> Option<&[u8]> {
        let mut found = None;
        let _whole = fields(&self.0, |Field(field, option)| {
            if field == HEADERS {
                fields(option, |Field(field, header)| {
                    let (key, value) = if field == 1 {
                        header_value(header)?
                    } else {
                        return Ok(());
                    };
                    found = if key == name.as_bytes() {
                        Some(value)
                    } else {
                        found
                    };
                    Ok(())
                })?;
            }
            Ok(())
        });
        found
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// An `OkHttpResponse` being built, behind room for its prefix in a `CheckResponse`.
#[derive(Debug)]
pub(crate) struct OkReply(Vec<u8>);

/// Bytes of the prefix: the status, the key of the field, and its length as a varint of at most ten
/// bytes.
const ROOM: usize = STATUS_OK.len() + 1 + 10;

impl OkReply {
    pub(crate) fn with_capacity(length: usize) -> Self {
        let mut bytes = Vec::with_capacity(ROOM + length);
        bytes.resize(ROOM, 0);
        Self(bytes)
    }

    pub(crate) fn part(&mut self, part: &ReplyPart) {
        self.0.extend_from_slice(&part.0);
    }

    /// Sets a header of the request on its way to the service.
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        put_header(&mut self.0, HEADERS, name, value);
    }

    /// Sets a header of the answer on its way to the client.
    pub(crate) fn response_header(&mut self, name: &str, value: &str) {
        put_header(&mut self.0, RESPONSE_HEADERS, name, value);
    }

    /// The `CheckResponse` that allows the request.
    pub(crate) fn into_check_response(self) -> Bytes {
        let mut bytes = self.0;
        let length = bytes.len().saturating_sub(ROOM);
        let mut before = Vec::with_capacity(ROOM);
        before.extend_from_slice(&STATUS_OK);
        encode_key(OK_RESPONSE, WireType::LengthDelimited, &mut before);
        encode_varint(length as u64, &mut before);
        let start = ROOM.saturating_sub(before.len());
        bytes
            .iter_mut()
            .skip(start)
            .zip(before)
            .for_each(|(to, from)| *to = from);
        Bytes::from(bytes).split_off(start)
    }
}

/// A `HeaderValueOption` as field `field`.
fn put_header(bytes: &mut Vec<u8>, field: u32, name: &str, value: &str) {
    // Keys of fields below 16 take one byte.
    let string = |value: &str| 1 + encoded_len_varint(value.len() as u64) + value.len();
    let header = string(name) + string(value);
    let option = 1 + encoded_len_varint(header as u64) + header + OVERWRITE.len();
    encode_key(field, WireType::LengthDelimited, bytes);
    encode_varint(option as u64, bytes);
    encode_key(1, WireType::LengthDelimited, bytes);
    encode_varint(header as u64, bytes);
    put(bytes, 1, name.as_bytes());
    put(bytes, 2, value.as_bytes());
    bytes.extend_from_slice(&OVERWRITE);
}

fn put(bytes: &mut Vec<u8>, field: u32, value: &[u8]) {
    encode_key(field, WireType::LengthDelimited, bytes);
    encode_varint(value.len() as u64, bytes);
    bytes.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use envoy_types::ext_authz::v3::pb::{
        CheckResponse, HeaderAppendAction, HeaderValue, HeaderValueOption, HttpResponse,
        OkHttpResponse,
    };
    use envoy_types::pb::google::protobuf::BoolValue;
    use envoy_types::pb::google::rpc;
    use prost::Message;

    use super::{OkReply, ReplyPart};

    #[expect(deprecated, reason = "Envoy 1.40 still reads `append`")]
    fn header((key, value): (&str, &str)) -> HeaderValueOption {
        HeaderValueOption {
            header: Some(HeaderValue {
                key: key.to_owned(),
                value: value.to_owned(),
                raw_value: Vec::new(),
            }),
            append: Some(BoolValue { value: false }),
            append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
            keep_empty_value: false,
        }
    }

    #[test]
    fn parts_equal_the_message_of_the_generated_types() {
        let long = "x".repeat(9000);
        for (own, shared, signed) in [
            (
                &[("x-user-oid", "o"), ("x-user-name", "R%C3%A9n%C3%A9e")][..],
                &[("x-tenant-id", "t")][..],
                "a.b.c",
            ),
            (
                &[("x-user-oid", long.as_str())],
                &[("x-user-roles", ""), ("x-tenant-id", "t")],
                &long,
            ),
            (&[], &[], ""),
        ] {
            let mut reply = OkReply::with_capacity(0);
            reply.part(&ReplyPart::new(own.iter().copied(), ["x-user-email"]));
            reply.part(&ReplyPart::new(shared.iter().copied(), ["authorization"]));
            reply.header("x-portcullis-assertion", signed);
            reply.response_header("ratelimit", "\"p\";r=1;t=2");
            let assertion = [("x-portcullis-assertion", signed)];
            let headers = own
                .iter()
                .chain(shared)
                .chain(&assertion)
                .copied()
                .map(header)
                .collect();
            let expected = CheckResponse {
                status: Some(rpc::Status::default()),
                dynamic_metadata: None,
                http_response: Some(HttpResponse::OkResponse(OkHttpResponse {
                    headers,
                    headers_to_remove: vec!["x-user-email".to_owned(), "authorization".to_owned()],
                    response_headers_to_add: vec![header(("ratelimit", "\"p\";r=1;t=2"))],
                    ..OkHttpResponse::default()
                })),
            };
            assert_eq!(
                CheckResponse::decode(reply.into_check_response()).unwrap(),
                expected
            );
        }
    }
}
