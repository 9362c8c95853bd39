//! Encoded parts of Envoy's `OkHttpResponse`.
//!
//! A parser merges messages that are written one after the other (Protocol Buffers, "Encoding",
//! §Last One Wins), so a reply is the concatenation of parts, most of which were encoded long
//! before.

use bytes::Bytes;
use prost::Message;

use crate::ext_authz::{HeaderValue, HeaderValueOption, OkHttpResponse};

/// Fields of an `OkHttpResponse`, encoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReplyPart(Box<[u8]>);

impl ReplyPart {
    /// Request headers to set, and names of request headers to remove.
    pub(crate) fn new<'a>(
        set: impl IntoIterator<Item = (&'static str, &'a str)>,
        remove: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        let option = |(name, value): (_, &str)| {
            HeaderValueOption::overwrite(name, Bytes::copy_from_slice(value.as_bytes()))
        };
        Self::of(&OkHttpResponse {
            headers: set.into_iter().map(option).collect(),
            headers_to_remove: remove.into_iter().map(Bytes::from).collect(),
            response_headers_to_add: Vec::new(),
        })
    }

    /// The fields of `response`.
    pub(crate) fn of(response: &OkHttpResponse) -> Self {
        // The vector has no spare capacity, so the box holds no more than its bytes.
        Self(response.encode_to_vec().into())
    }

    /// The encoded `OkHttpResponse` of all `parts`.
    pub(crate) fn join(parts: &[&Self]) -> Bytes {
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
        for Self(part) in parts {
            bytes.extend_from_slice(part);
        }
        bytes.into()
    }

    /// The request headers that are set; `None` if the bytes are damaged.
    pub(crate) fn headers(&self) -> Option<Vec<HeaderValue>> {
        let response = OkHttpResponse::decode(&*self.0).ok()?;
        let headers = response.headers.into_iter();
        Some(headers.filter_map(|option| option.header).collect())
    }

    /// Its length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use envoy_types::ext_authz::v3::pb;
    use envoy_types::pb::google::protobuf::BoolValue;
    use envoy_types::pb::google::rpc;
    use prost::Message;

    use super::ReplyPart;
    use crate::ext_authz::{
        CheckResponse, HeaderValueOption, HttpResponse, OkHttpResponse, Status,
    };

    #[expect(deprecated, reason = "Envoy 1.40 still reads `append`")]
    fn generated((key, value): (&str, &str)) -> pb::HeaderValueOption {
        pb::HeaderValueOption {
            header: Some(pb::HeaderValue {
                key: key.to_owned(),
                value: value.to_owned(),
                raw_value: Vec::new(),
            }),
            append: Some(BoolValue { value: false }),
            append_action: pb::HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
            keep_empty_value: false,
        }
    }

    /// A response of three parts, encoded.
    fn encoded(
        own: &[(&'static str, &str)],
        shared: &[(&'static str, &str)],
        assertion: &str,
    ) -> Vec<u8> {
        let own = ReplyPart::new(own.iter().copied(), ["x-user-email"]);
        let shared = ReplyPart::new(shared.iter().copied(), ["authorization"]);
        let header = |name, value: &str| HeaderValueOption::overwrite(name, value.to_owned());
        let rest = ReplyPart::of(&OkHttpResponse {
            headers: vec![header("x-portcullis-assertion", assertion)],
            headers_to_remove: Vec::new(),
            response_headers_to_add: vec![header("ratelimit", "\"p\";r=1;t=2")],
        });
        let response = ReplyPart::join(&[&own, &shared, &rest]);
        CheckResponse {
            status: Some(Status::default()),
            http_response: Some(HttpResponse::OkResponse(response)),
            dynamic_metadata: None,
        }
        .encode_to_vec()
    }

    #[test]
    fn parts_equal_the_message_of_the_generated_types() {
        struct Case<'a> {
            name: &'static str,
            own: &'a [(&'static str, &'a str)],
            shared: &'a [(&'static str, &'a str)],
            assertion: &'a str,
        }
        let long = "x".repeat(9000);
        for Case {
            name,
            own,
            shared,
            assertion,
        } in [
            Case {
                name: "usual headers",
                own: &[("x-user-oid", "o"), ("x-user-name", "R%C3%A9n%C3%A9e")],
                shared: &[("x-tenant-id", "t")],
                assertion: "a.b.c",
            },
            Case {
                name: "long and empty headers",
                own: &[("x-user-oid", &long)],
                shared: &[("x-user-roles", ""), ("x-tenant-id", "t")],
                assertion: &long,
            },
            Case {
                name: "no headers",
                own: &[],
                shared: &[],
                assertion: "",
            },
        ] {
            let last = [("x-portcullis-assertion", assertion)];
            let headers = own.iter().chain(shared).chain(&last);
            let expected = pb::CheckResponse {
                status: Some(rpc::Status::default()),
                dynamic_metadata: None,
                http_response: Some(pb::HttpResponse::OkResponse(pb::OkHttpResponse {
                    headers: headers.copied().map(generated).collect(),
                    headers_to_remove: vec!["x-user-email".to_owned(), "authorization".to_owned()],
                    response_headers_to_add: vec![generated(("ratelimit", "\"p\";r=1;t=2"))],
                    ..pb::OkHttpResponse::default()
                })),
            };
            let encoded = encoded(own, shared, assertion);
            let decoded = pb::CheckResponse::decode(&*encoded).unwrap();
            assert_eq!(decoded, expected, "{name}");
        }
    }

    #[test]
    fn headers_are_those_that_were_set() {
        let set = [("x-user-oid", "o"), ("x-user-name", "n")];
        let headers = ReplyPart::new(set, ["x-user-email"]).headers().unwrap();
        let found = headers.iter().map(|header| (&*header.key, header.bytes()));
        assert!(found.eq(set.map(|(name, value)| (name.as_bytes(), value.as_bytes()))));
        assert_eq!(ReplyPart(Box::from(*b"\x12\x05")).headers(), None);
    }
}
