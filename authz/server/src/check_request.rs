//! What of Envoy's question matters, and how it arrives from Envoy 1.40 with the settings of `envoy/listeners.yaml`.

use std::str::from_utf8;

use portcullis_token::Authorization;

use crate::wire::{Attributes, Check, Entry, HeaderValue, HttpRequest};

/// The route's policy, named by `context_extensions` in Envoy's route table.
const POLICY: &[u8] = b"policy";
/// The part of the path that Envoy takes off on the way to the service, named beside the policy.
const REMOVED_PREFIX: &[u8] = b"removed_prefix";

/// A question, read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// Absent when the route names none.
    pub(crate) policy: Option<&'a str>,
    pub(crate) removed_prefix: &'a str,
    pub(crate) authorization: Authorization<'a>,
    pub(crate) method: &'a str,
    /// Path and query as the client's request had them after normalization.
    pub(crate) path: &'a str,
    pub(crate) request_id: &'a str,
    /// The client's address as far as Envoy vouches for it.
    pub(crate) client: &'a str,
}

impl<'a> Question<'a> {
    /// `None` when the question is not about an HTTP request, or is not text where protobuf demands text.
    pub(crate) fn read(check: &'a Check) -> Option<Self> {
        let attributes = check.attributes.as_ref()?;
        let http = attributes.request.as_ref()?.http.as_ref()?;
        let extension = |name| last(&attributes.context_extensions, name).map(from_utf8).transpose().ok();
        let line = |name| lines(http, name).next().and_then(|line| from_utf8(line).ok());
        Some(Self {
            policy: extension(POLICY)?,
            removed_prefix: extension(REMOVED_PREFIX)?.unwrap_or_default(),
            authorization: Authorization::from_lines(lines(http, b"authorization")),
            method: from_utf8(&http.method).ok()?,
            path: from_utf8(&http.path).ok()?,
            request_id: line(b"x-request-id").unwrap_or_default(),
            // Envoy writes this header itself, and takes a client's away: the address before the proxies that are trusted.
            client: line(b"x-envoy-external-address").or_else(|| peer(attributes)).unwrap_or_default(),
        })
    }

    /// Path and query as the service will see them; `None` if the route's prefix is not there to be taken off.
    pub(crate) fn upstream_path(&self) -> Option<&'a str> {
        self.path.strip_prefix(self.removed_prefix).filter(|path| path.starts_with('/'))
    }
}

fn peer(attributes: &Attributes) -> Option<&str> {
    from_utf8(&attributes.source.as_ref()?.address.as_ref()?.socket_address.as_ref()?.address).ok()
}

/// Of entries with the same key the last one counts, as in a map.
fn last<'a>(entries: &'a [Entry], key: &[u8]) -> Option<&'a [u8]> {
    entries.iter().rev().find(|entry| entry.key == key).map(|entry| &*entry.value)
}

/// With `encode_raw_headers` values arrive byte by byte in `header_map`; without it Envoy replaces what is not text, so that the gate and
/// a service behind it would judge different tokens. Several lines arrive as one value with commas, which `bearer_token` refuses.
fn lines<'a>(http: &'a HttpRequest, name: &'static [u8]) -> impl Iterator<Item = &'a [u8]> {
    let raw = http.header_map.iter().flat_map(|map| &map.headers).filter(move |header| header.key == name).map(bytes);
    raw.chain(last(&http.headers, name))
}

fn bytes(header: &HeaderValue) -> &[u8] {
    if header.raw_value.is_empty() { &header.value } else { &header.raw_value }
}

#[cfg(test)]
mod tests {
    use envoy_types::ext_authz::v3::pb::{CheckRequest, HeaderValue};
    use envoy_types::pb::envoy::config::core::v3::HeaderMap;
    use envoy_types::pb::envoy::service::auth::v3::AttributeContext;
    use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
    use portcullis_token::Authorization;

    use bytes::Bytes;
    use prost::Message;

    use super::Question;
    use crate::wire::Check;

    /// What the narrow types make of a message of the generated ones.
    fn request(lines: &[&[u8]], extensions: &[(&str, &str)], path: &str) -> Check {
        let header = |value: &&[u8]| HeaderValue {
            key: "authorization".to_owned(),
            value: String::new(),
            raw_value: value.to_vec(),
        };
        let header_map = Some(HeaderMap { headers: lines.iter().map(header).collect() });
        let http =
            HttpRequest { method: "GET".to_owned(), path: path.to_owned(), header_map, ..HttpRequest::default() };
        let context_extensions =
            extensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = Some(Request { http: Some(http), time: None });
        let context = AttributeContext { request, context_extensions, ..AttributeContext::default() };
        let check = CheckRequest { attributes: Some(context) };
        Check::decode(Bytes::from(check.encode_to_vec())).unwrap()
    }

    #[test]
    fn lines_stay_apart_and_keep_their_bytes() {
        for (lines, expected) in [(&[][..], 0), (&[&b"Bearer \xff"[..]], 1), (&[b"Bearer a", b"Bearer b"], 2)] {
            let request = request(lines, &[], "/");
            let found = match Question::read(&request).unwrap().authorization {
                Authorization::Absent => 0,
                Authorization::One(line) => {
                    assert_eq!(line, b"Bearer \xff");
                    1
                }
                Authorization::Several => 2,
            };
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn the_service_sees_the_path_without_the_prefix() {
        for (prefix, path, expected) in [
            ("", "/api/tasks?a=b", Some("/api/tasks?a=b")),
            ("/notification", "/notification/notify", Some("/notify")),
            ("/notification", "/notifications", None),
            ("/notification", "/other", None),
        ] {
            let request = request(&[], &[("policy", "p"), ("removed_prefix", prefix)], path);
            let question = Question::read(&request).unwrap();
            assert_eq!((question.policy, question.upstream_path()), (Some("p"), expected), "{prefix} {path}");
        }
        assert!(Question::read(&Check::default()).is_none());
    }
}
